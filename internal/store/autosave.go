package store

import (
	"context"
	"time"
)

// AutosaveKey names one step of one draft in front of one administrator.
type AutosaveKey struct {
	Administrator int64
	Revision      int64
	Step          string
}

func (k AutosaveKey) args() named {
	return named{"administrator": k.Administrator, "revision": k.Revision, "step": k.Step}
}

// Autosave is what an administrator typed into a step and has not saved.
type Autosave struct {
	Version int                 // of the draft that the form was made from
	Base    map[string][]string // what was stored then, by field
	Answers map[string][]string // what was typed, by field
	At      time.Time
}

// SaveAutosave keeps what was typed, in the place of what was kept before. It is
// no change of the draft, so the audit says nothing about it.
func (s *Store) SaveAutosave(ctx context.Context, k AutosaveKey, a Autosave) error {
	base, err := toJSON(orEmptyMap(a.Base))
	if err != nil {
		return err
	}
	answers, err := toJSON(orEmptyMap(a.Answers))
	if err != nil {
		return err
	}
	args := k.args()
	args["version"], args["base"], args["answers"], args["at"] = a.Version, base, answers, a.At
	_, err = s.db.Exec(ctx, `
		insert into typed_answers (administrator_id, revision_id, step, version, base, answers, updated_at)
		values (@administrator, @revision, @step, @version, @base, @answers, @at)
		on conflict (administrator_id, revision_id, step) do update set version = excluded.version, base = excluded.base,
			answers = excluded.answers, updated_at = excluded.updated_at`, args)
	return translate(err)
}

// Autosave reads what was kept; ErrNotFound when nothing was.
func (s *Store) Autosave(ctx context.Context, k AutosaveKey) (Autosave, error) {
	var a Autosave
	err := s.db.QueryRow(ctx, `select version, base, answers, updated_at from typed_answers
		where administrator_id = @administrator and revision_id = @revision and step = @step`, k.args()).
		Scan(&a.Version, &a.Base, &a.Answers, &a.At)
	return a, translate(err)
}

// ForgetAutosave erases what was kept.
func (s *Store) ForgetAutosave(ctx context.Context, k AutosaveKey) error {
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
