package store

import (
	"context"
	"time"
)

// TypedKey names one step of one draft in front of one administrator.
type TypedKey struct {
	Administrator int64
	Revision      int64
	Step          string
}

func (k TypedKey) args() named {
	return named{"administrator": k.Administrator, "revision": k.Revision, "step": k.Step}
}

// Typed is what an administrator typed into a step and has not saved.
type Typed struct {
	Version int                 // of the draft that the form was made from
	Base    map[string][]string // what was stored then, by field
	Answers map[string][]string // what was typed, by field
	At      time.Time
}

// KeepTyped keeps what was typed, in the place of what was kept before. It is
// no change of the draft, so the audit says nothing about it.
func (s *Store) KeepTyped(ctx context.Context, k TypedKey, t Typed) error {
	base, err := toJSON(orEmptyMap(t.Base))
	if err != nil {
		return err
	}
	answers, err := toJSON(orEmptyMap(t.Answers))
	if err != nil {
		return err
	}
	args := k.args()
	args["version"], args["base"], args["answers"], args["at"] = t.Version, base, answers, t.At
	_, err = s.db.Exec(ctx, `
		insert into typed_answers (administrator_id, revision_id, step, version, base, answers, updated_at)
		values (@administrator, @revision, @step, @version, @base, @answers, @at)
		on conflict (administrator_id, revision_id, step) do update set version = excluded.version, base = excluded.base,
			answers = excluded.answers, updated_at = excluded.updated_at`, args)
	return translate(err)
}

// Typed reads what was kept; ErrNotFound when nothing was.
func (s *Store) Typed(ctx context.Context, k TypedKey) (Typed, error) {
	var t Typed
	err := s.db.QueryRow(ctx, `select version, base, answers, updated_at from typed_answers
		where administrator_id = @administrator and revision_id = @revision and step = @step`, k.args()).
		Scan(&t.Version, &t.Base, &t.Answers, &t.At)
	return t, translate(err)
}

// ForgetTyped erases what was kept.
func (s *Store) ForgetTyped(ctx context.Context, k TypedKey) error {
	_, err := s.db.Exec(ctx, `delete from typed_answers
		where administrator_id = @administrator and revision_id = @revision and step = @step`, k.args())
	return err
}

func orEmptyMap(m map[string][]string) map[string][]string {
	if m == nil {
		return map[string][]string{}
	}
	return m
}
