package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// sourceSettings is what a source has in one column: how it is read, and what is
// made of it.
type sourceSettings struct {
	IntervalSeconds int                `json:"interval_seconds"`
	Create          bool               `json:"create"`
	AdoptExisting   bool               `json:"adopt_existing"`
	Groups          model.GroupMapping `json:"groups"`
	Limits          model.SourceLimits `json:"limits"`
	AbsenceGrace    int                `json:"absence_grace"`
	LDAP            model.LDAPSettings `json:"ldap"`
	AWS             model.AWSSettings  `json:"aws"`
}

func settingsOf(s model.Source) sourceSettings {
	return sourceSettings{int(s.Interval / time.Second), s.Create, s.AdoptExisting, s.Groups, s.Limits, s.AbsenceGrace, s.LDAP, s.AWS}
}

const sourceColumns = `s.id, s.slug, s.name, s.kind, s.status, coalesce((select c.slug from connections c where c.id = s.connection_id), ''), s.settings,
	s.revision, s.secret_sealed is not null, s.secret_set_at, s.approved_for, s.next_is_dry, s.next_run_at, s.created_at, s.updated_at, s.failures_in_row,
	s.last_good_at`

func scanSource(row pgx.CollectableRow) (s model.Source, err error) {
	var settings []byte
	var secretAt, next, good *time.Time
	err = row.Scan(&s.ID, &s.Slug, &s.Name, &s.Kind, &s.Status, &s.Connection, &settings, &s.Revision, &s.HasSecret, &secretAt, &s.ApprovedFor,
		&s.NextIsDry, &next, &s.CreatedAt, &s.UpdatedAt, &s.FailuresInRow, &good)
	if err != nil {
		return s, err
	}
	s.SecretSetAt, s.NextRunAt, s.LastGoodAt = valueOrZero(secretAt), valueOrZero(next), valueOrZero(good)
	var o sourceSettings
	if err := json.Unmarshal(settings, &o); err != nil {
		return s, err
	}
	s.Interval, s.Create, s.AdoptExisting = time.Duration(o.IntervalSeconds)*time.Second, o.Create, o.AdoptExisting
	s.Groups, s.Limits, s.AbsenceGrace, s.LDAP, s.AWS = o.Groups, o.Limits, o.AbsenceGrace, o.LDAP, o.AWS
	return s, nil
}

// Sources lists every source, by slug.
func (s *Store) Sources(ctx context.Context) ([]model.Source, error) {
	return list(ctx, s.db, scanSource, "select "+sourceColumns+" from sources s order by s.slug")
}

// Source finds a source; ErrNotFound when there is none.
func (s *Store) Source(ctx context.Context, slug string) (model.Source, error) {
	return s.source(ctx, slug, "")
}

func (s *Store) source(ctx context.Context, slug, lock string) (model.Source, error) {
	return single(ctx, s.db, scanSource, "select "+sourceColumns+" from sources s where s.slug = @slug "+lock, named{"slug": slug})
}

// auditedSource is a source as the audit keeps it: without its secret.
func auditedSource(s model.Source) any {
	return struct {
		Name       string             `json:"name"`
		Kind       model.SourceKind   `json:"kind"`
		Status     model.SourceStatus `json:"status"`
		Connection string             `json:"connection,omitempty"`
		sourceSettings
	}{s.Name, s.Kind, s.Status, s.Connection, settingsOf(s)}
}

func sourceArgs(s model.Source) (named, error) {
	settings, err := toJSON(settingsOf(s))
	return named{"slug": s.Slug, "name": clean(s.Name, maxText), "kind": s.Kind, "status": s.Status, "connection": s.Connection,
		"settings": settings, "next": nullTime(s.NextRunAt)}, err
}

// CreateSource adds a source. ErrExists when the slug is taken, ErrNoConnection
// when it names a connection that is not there.
func (s *Store) CreateSource(ctx context.Context, actor model.Actor, src model.Source) (model.Source, error) {
	err := s.InTx(ctx, func(tx *Store) error {
		if err := tx.connectionOfSource(ctx, src); err != nil {
			return err
		}
		src.NextRunAt, src.AWS = time.Time{}, src.AWS.WithExternalID()
		if src.Status == model.SourceLive && src.Kind.Reads() {
			src.NextRunAt = time.Now()
		}
		args, err := sourceArgs(src)
		if err != nil {
			return err
		}
		_, err = tx.db.Exec(ctx, `insert into sources (slug, name, kind, status, connection_id, settings, next_run_at)
			values (@slug, @name, @kind, @status, (select id from connections where slug = @connection), @settings, @next)`, args)
		if err != nil {
			return translate(err)
		}
		if src, err = tx.Source(ctx, src.Slug); err != nil {
			return err
		}
		return tx.record(ctx, actor, "source.create", src.Slug, nil, auditedSource(src), "")
	})
	return src, err
}

func (s *Store) connectionOfSource(ctx context.Context, src model.Source) error {
	if src.Connection == "" {
		return nil
	}
	_, err := single(ctx, s.db, pgx.RowTo[int64], "select id from connections where slug = @slug", named{"slug": src.Connection})
	if errors.Is(err, ErrNotFound) {
		return ErrNoConnection
	}
	return err
}

// UpdateSource changes a source's settings and status under a lock. revision is
// the one that the caller has seen; ErrConflict when it is another by now; zero:
// whatever it is. Slug and kind stay. ErrNoConnection as of CreateSource.
func (s *Store) UpdateSource(ctx context.Context, actor model.Actor, slug string, revision int, change func(*model.Source) error) (model.Source, error) {
	var after model.Source
	err := s.InTx(ctx, func(tx *Store) error {
		before, err := tx.source(ctx, slug, "for update of s")
		if err != nil {
			return err
		}
		if revision != 0 && revision != before.Revision {
			return ErrConflict
		}
		after = before
		if err := change(&after); err != nil {
			return err
		}
		after.Slug, after.Kind, after.AWS = before.Slug, before.Kind, after.AWS.WithExternalID()
		if err := tx.connectionOfSource(ctx, after); err != nil {
			return err
		}
		if same, err := sameSource(before, after); err != nil || same {
			return err
		}
		after.NextRunAt = nextAfterChange(before, after)
		args, err := sourceArgs(after)
		if err != nil {
			return err
		}
		_, err = tx.db.Exec(ctx, `update sources set name = @name, status = @status, connection_id = (select id from connections where slug = @connection),
			settings = @settings, next_run_at = @next, revision = revision + 1, updated_at = now() where slug = @slug`, args)
		if err != nil {
			return translate(err)
		}
		if after, err = tx.Source(ctx, slug); err != nil {
			return err
		}
		return tx.record(ctx, actor, "source.update", slug, auditedSource(before), auditedSource(after), "")
	})
	return after, err
}

func sameSource(a, b model.Source) (bool, error) {
	x, err := toJSON(auditedSource(a))
	if err != nil {
		return false, err
	}
	y, err := toJSON(auditedSource(b))
	return err == nil && *x == *y, err
}

// nextAfterChange is when the next run is due: at once of a source that has just
// become live, and of one that pushes after each change; sooner where the interval
// became shorter, never of one that is not live.
func nextAfterChange(before, after model.Source) time.Time {
	now := time.Now()
	switch {
	case after.Status != model.SourceLive:
		return time.Time{}
	case !after.Kind.Reads(): // what it said is planned under the new settings
		return now
	case before.Status != model.SourceLive || before.NextRunAt.IsZero() || before.Reading() != after.Reading():
		return now
	case before.NextRunAt.After(now.Add(after.Interval)):
		return now.Add(after.Interval)
	default:
		return before.NextRunAt
	}
}

// DeleteSource removes a source with its mirror, runs and the memberships that it
// gives. Its users stay, and belong to nobody. ErrTransition while it is live.
func (s *Store) DeleteSource(ctx context.Context, actor model.Actor, slug string) error {
	return s.InTx(ctx, func(tx *Store) error {
		src, err := tx.source(ctx, slug, "for update of s")
		if err != nil {
			return err
		}
		if src.Status == model.SourceLive {
			return ErrTransition
		}
		gone, err := tx.db.Exec(ctx, "delete from memberships where source = 'source' and starts_with(ref, @ref)", named{"ref": model.SourceRef(slug, "")})
		if err != nil {
			return translate(err)
		}
		if _, err := tx.db.Exec(ctx, "delete from sources where slug = $1", slug); err != nil {
			return translate(err)
		}
		before := struct {
			Source      any   `json:"source"`
			Memberships int64 `json:"memberships"`
		}{auditedSource(src), gone.RowsAffected()}
		return tx.record(ctx, actor, "source.delete", slug, before, nil, "")
	})
}

// SetSourceSecret keeps what a source is read with, sealed for
// model.SealedSourceSecret; nil forgets it.
func (s *Store) SetSourceSecret(ctx context.Context, actor model.Actor, slug string, sealed []byte) error {
	return s.InTx(ctx, func(tx *Store) error {
		tag, err := tx.db.Exec(ctx, `update sources set secret_sealed = @sealed, secret_set_at = case when @sealed::bytea is not null then now() end,
			revision = revision + 1, updated_at = now() where slug = @slug`, named{"slug": slug, "sealed": sealed})
		if err != nil {
			return translate(err)
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		return tx.record(ctx, actor, "source.secret", slug, nil, map[string]any{"kept": sealed != nil}, "")
	})
}

// SourceSecret is what a source is read with, as it was sealed; nil: nothing is kept.
func (s *Store) SourceSecret(ctx context.Context, slug string) ([]byte, error) {
	return single(ctx, s.db, pgx.RowTo[[]byte], "select secret_sealed from sources where slug = @slug", named{"slug": slug})
}
