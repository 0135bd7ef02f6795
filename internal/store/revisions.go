package store

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const revisionColumns = `id, connection_id, number, state, version, config, ticks, tested_login, tested_at, author, created_at, updated_at, live_at`

func scanRevision(row pgx.CollectableRow) (r model.Revision, err error) {
	var tested, live *time.Time
	err = row.Scan(&r.ID, &r.ConnectionID, &r.Number, &r.State, &r.Version, &r.Config, &r.Ticks,
		&r.TestedLogin, &tested, &r.Author, &r.CreatedAt, &r.UpdatedAt, &live)
	r.TestedAt, r.LiveAt = valueOrZero(tested), valueOrZero(live)
	if r.Ticks == nil {
		r.Ticks = map[string]bool{}
	}
	return r, err
}

func (s *Store) revisions(ctx context.Context, where string, args named) ([]model.Revision, error) {
	return list(ctx, s.db, scanRevision, selectRevisions(where), args)
}

func selectRevisions(where string) string {
	return "select " + revisionColumns + " from revisions " + where + " order by number desc"
}

// Revisions lists every revision of a connection, newest first.
func (s *Store) Revisions(ctx context.Context, slug string) ([]model.Revision, error) {
	return s.revisions(ctx, "where connection_id = (select id from connections where slug = @slug)", named{"slug": slug})
}

// RevisionByID finds one revision.
func (s *Store) RevisionByID(ctx context.Context, id int64) (model.Revision, error) {
	return single(ctx, s.db, scanRevision, "select "+revisionColumns+" from revisions where id = @id", named{"id": id})
}

// insertRevision makes a revision. Its version is one that no revision of the
// connection had: a form made from an earlier draft does not fit.
func (s *Store) insertRevision(ctx context.Context, r model.Revision) (model.Revision, error) {
	args, err := revisionArgs(r)
	if err != nil {
		return r, err
	}
	return single(ctx, s.db, scanRevision, `
		insert into revisions (connection_id, number, version, state, config, ticks, author)
		values (@connection, @number, (select coalesce(max(version), 0) + 1 from revisions where connection_id = @connection),
			@state, @config, @ticks, @author) returning `+revisionColumns, args)
}

func revisionArgs(r model.Revision) (named, error) {
	if r.Ticks == nil {
		r.Ticks = map[string]bool{}
	}
	config, err := toJSON(r.Config)
	if err != nil {
		return nil, err
	}
	ticks, err := toJSON(r.Ticks)
	return named{"id": r.ID, "connection": r.ConnectionID, "number": r.Number, "state": r.State, "config": config,
		"ticks": ticks, "tested_login": r.TestedLogin, "tested_at": nullTime(r.TestedAt), "author": r.Author}, err
}

// SaveDraft changes the draft under a lock. version is the one that the editor
// saw: ErrConflict when somebody else has saved since. A change of anything but
// the name and the apps makes the draft untested.
func (s *Store) SaveDraft(ctx context.Context, actor model.Actor, slug string, version int, change func(*model.Revision) error) (model.Revision, error) {
	var saved model.Revision
	err := s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		if c.Draft == nil {
			return goneDraft(slug)
		}
		before := *c.Draft
		if before.Version != version {
			return ErrConflict
		}
		changed := before
		changed.Config, changed.Ticks = cloneConfig(before.Config), maps.Clone(before.Ticks)
		if err := change(&changed); err != nil {
			return err
		}
		after := before // only configuration and ticks are for the editor to change
		after.Config, after.Ticks = cloneConfig(changed.Config), changed.Ticks
		if maps.Equal(before.Ticks, after.Ticks) && reflect.DeepEqual(cloneConfig(before.Config), after.Config) {
			saved = before
			return nil
		}
		if judgesDifferently(before.Config, after.Config) {
			after.TestedLogin, after.TestedAt = "", time.Time{}
			if c.Status == model.StatusReady {
				if err := tx.moveStatus(ctx, c, model.StatusDraft); err != nil {
					return err
				}
			}
		}
		after.Author = actor.Name
		if saved, err = tx.writeRevision(ctx, after); err != nil {
			return err
		}
		return tx.record(ctx, actor, "revision.save", slug, auditedRevision(before), auditedRevision(saved), "")
	})
	return saved, err
}

// judgesDifferently tells whether a login could go otherwise under b than
// under a.
func judgesDifferently(a, b model.Config) bool {
	a, b = cloneConfig(a), cloneConfig(b)
	a.Name, a.Apps, b.Name, b.Apps = "", nil, "", nil
	return !reflect.DeepEqual(a, b)
}

// cloneConfig copies the lists, too, so that a change of the copy leaves the
// original alone. An empty list is none.
func cloneConfig(c model.Config) model.Config {
	c.Apps = append([]string(nil), c.Apps...)
	c.JIT.AllowedEmailDomains = append([]string(nil), c.JIT.AllowedEmailDomains...)
	return c
}

func (s *Store) writeRevision(ctx context.Context, r model.Revision) (model.Revision, error) {
	args, err := revisionArgs(r)
	if err != nil {
		return r, err
	}
	return single(ctx, s.db, scanRevision, `
		update revisions set version = version + 1, config = @config, ticks = @ticks, tested_login = @tested_login,
			tested_at = @tested_at, author = @author, updated_at = now()
		where id = @id returning `+revisionColumns, args)
}

// StartDraft makes a draft of the live revision, or returns the one there is.
func (s *Store) StartDraft(ctx context.Context, actor model.Actor, slug string) (model.Revision, error) {
	var draft model.Revision
	err := s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		if c.Draft != nil {
			draft = *c.Draft
			return nil
		}
		if c.Live == nil {
			return ErrNotFound
		}
		number, err := tx.nextNumber(ctx, c.ID)
		if err != nil {
			return err
		}
		draft, err = tx.insertRevision(ctx, model.Revision{ConnectionID: c.ID, Number: number, State: model.RevisionDraft,
			Config: c.Live.Config, Ticks: c.Live.Ticks, Author: actor.Name})
		if err != nil {
			return err
		}
		return tx.record(ctx, actor, "revision.start", slug, nil, map[string]any{"number": number}, "")
	})
	return draft, err
}

func (s *Store) nextNumber(ctx context.Context, connectionID int64) (int, error) {
	var n int
	err := s.db.QueryRow(ctx, "select coalesce(max(number), 0) + 1 from revisions where connection_id = $1", connectionID).Scan(&n)
	return n, err
}

// goneDraft says that nothing is edited any more: somebody threw it away, or it
// went live.
func goneDraft(slug string) error {
	return &Gone{Part: PartDraft, Object: slug, Actions: []string{"revision.discard", "connection.go_live"}, Brought: []string{"revision.start"}}
}

// DiscardDraft throws the draft away; ErrNotFound when there is none, or when
// there is nothing else.
func (s *Store) DiscardDraft(ctx context.Context, actor model.Actor, slug string) error {
	return s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		if c.Draft == nil && c.Live != nil {
			return goneDraft(slug)
		}
		if c.Draft == nil || c.Live == nil {
			return ErrNotFound
		}
		if _, err := tx.db.Exec(ctx, "delete from revisions where id = $1", c.Draft.ID); err != nil {
			return err
		}
		return tx.record(ctx, actor, "revision.discard", slug, auditedRevision(*c.Draft), nil, "")
	})
}

// RecordTest marks a draft as tested by a login, if version still is the one
// that was tested. A connection in the state draft becomes ready.
func (s *Store) RecordTest(ctx context.Context, revisionID int64, version int, loginID string, at time.Time) error {
	return s.InTx(ctx, func(tx *Store) error {
		// The connection is locked before the revision, as in every change.
		c, err := single(ctx, tx.db, scanConnection, "select "+connectionColumns+` from connections
			where id = (select connection_id from revisions where id = @id) for update`, named{"id": revisionID})
		if errors.Is(err, ErrNotFound) {
			return nil // discarded meanwhile
		}
		if err != nil {
			return err
		}
		tag, err := tx.db.Exec(ctx, `
			update revisions set tested_login = @login, tested_at = @at where id = @id and version = @version and state = 'draft'`,
			named{"id": revisionID, "version": version, "login": loginID, "at": at})
		if err != nil || tag.RowsAffected() == 0 || c.Status != model.StatusDraft {
			return err
		}
		return tx.moveStatus(ctx, c, model.StatusReady)
	})
}

// GoLive makes the draft the live revision. ErrUntested when no login has
// passed with it, unless unsafe says to do it anyway; the audit says so.
func (s *Store) GoLive(ctx context.Context, actor model.Actor, slug string, version int, unsafe bool) error {
	return s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		if c.Draft == nil {
			return ErrNotFound
		}
		if c.Draft.Version != version {
			return ErrConflict
		}
		note := ""
		if c.Draft.TestedLogin == "" {
			if !unsafe {
				return ErrUntested
			}
			note = "went live without a tested login (unsafe)"
		}
		if c.Status != model.StatusLive {
			if err := tx.moveStatus(ctx, c, model.StatusLive); err != nil {
				return err
			}
		}
		return tx.makeLive(ctx, actor, "connection.go_live", c, *c.Draft, note)
	})
}

// Restore brings an earlier revision back as the live one. A suspended
// connection stays suspended.
func (s *Store) Restore(ctx context.Context, actor model.Actor, slug string, number int) error {
	return s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		past, err := tx.revisions(ctx, "where connection_id = @id and number = @number and state = 'past'",
			named{"id": c.ID, "number": number})
		if err != nil {
			return err
		}
		if len(past) == 0 {
			return &Gone{Part: PartRevision, Object: slug}
		}
		return tx.makeLive(ctx, actor, "connection.restore", c, past[0], "")
	})
}

// makeLive puts r into the place of the live revision. The caller holds the
// lock on the connection. What was said of the address of AWS's metadata ends
// with the address.
func (s *Store) makeLive(ctx context.Context, actor model.Actor, action string, c model.Connection, r model.Revision, note string) error {
	var before any
	address := ""
	if c.Live != nil {
		before, address = auditedRevision(*c.Live), c.Live.Config.IdPMetadataURL
		if _, err := s.db.Exec(ctx, "update revisions set state = 'past' where id = $1", c.Live.ID); err != nil {
			return err
		}
	}
	if _, err := s.db.Exec(ctx, "update revisions set state = 'live', live_at = now() where id = $1", r.ID); err != nil {
		return translate(err)
	}
	if err := s.record(ctx, actor, action, c.Slug, before, auditedRevision(r), note); err != nil || r.Config.IdPMetadataURL == address {
		return err
	}
	return s.forgetMetadataCheck(ctx, actor, c)
}

// AllowEmailDomain lets people with an email at one more domain become users of a
// live connection, by a new live revision that differs in that alone; a draft that
// has the same domains gets it, too. The revision before can be brought back.
// Where the domain is allowed, or every domain is, nothing changes. ErrNotFound
// when nothing is live.
func (s *Store) AllowEmailDomain(ctx context.Context, actor model.Actor, slug, domain, note string) error {
	return s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		if c.Live == nil {
			return ErrNotFound
		}
		allowed := c.Live.Config.JIT.AllowedEmailDomains
		if !model.WantsDomain(allowed, domain) {
			return nil
		}
		alike := c.Draft != nil && slices.Equal(c.Draft.Config.JIT.AllowedEmailDomains, allowed)
		return tx.reviseLive(ctx, actor, "connection.allow_domain", note, c, alike, func(cfg *model.Config) {
			cfg.JIT.AllowedEmailDomains = append(slices.Clone(allowed), domain)
		})
	})
}

// reviseLive gives a connection a new live revision that differs by change alone,
// and changes the draft likewise where alsoDraft. The caller holds the lock on the
// connection.
func (s *Store) reviseLive(ctx context.Context, actor model.Actor, action, note string, c model.Connection, alsoDraft bool,
	change func(*model.Config)) error {
	next := *c.Live
	next.Config = cloneConfig(c.Live.Config)
	change(&next.Config)
	next.State, next.Author = model.RevisionPast, actor.Name
	var err error
	if next.Number, err = s.nextNumber(ctx, c.ID); err != nil {
		return err
	}
	if next, err = s.insertRevision(ctx, next); err != nil {
		return err
	}
	if err := s.makeLive(ctx, actor, action, c, next, note); err != nil || !alsoDraft {
		return err
	}
	draft := *c.Draft
	draft.Config = cloneConfig(c.Draft.Config)
	change(&draft.Config)
	_, err = s.writeRevision(ctx, draft)
	return err
}
