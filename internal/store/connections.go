package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

func scanConnection(row pgx.CollectableRow) (c model.Connection, err error) {
	var since *time.Time
	err = row.Scan(&c.ID, &c.Slug, &c.Status, &since, &c.CreatedAt, &c.UpdatedAt)
	c.LiveSince = valueOrZero(since)
	return c, err
}

const connectionColumns = `id, slug, status, live_since, created_at, updated_at`

// Connections lists every connection with its live and draft revisions.
func (s *Store) Connections(ctx context.Context) ([]model.Connection, error) {
	all, err := list(ctx, s.db, scanConnection, "select "+connectionColumns+" from connections order by slug")
	if err != nil || len(all) == 0 {
		return nil, err
	}
	revisions, err := s.revisions(ctx, "where state in ('draft', 'live')", nil)
	if err != nil {
		return nil, err
	}
	for i := range all {
		attach(&all[i], revisions)
	}
	return all, nil
}

// Connection is one with its live and draft revisions.
func (s *Store) Connection(ctx context.Context, slug string) (model.Connection, error) {
	return s.connection(ctx, slug, "")
}

// IsOpen tells whether people may sign in through a connection now.
func (s *Store) IsOpen(ctx context.Context, slug string) (bool, error) {
	return single(ctx, s.db, pgx.RowTo[bool], "select exists (select from connections where slug = @slug and status = @live)",
		named{"slug": slug, "live": model.StatusLive})
}

func (s *Store) connection(ctx context.Context, slug, lock string) (model.Connection, error) {
	var found []model.Connection
	var revisions []model.Revision
	var t together
	of := named{"slug": slug}
	adding(&t, &found, scanConnection, "select "+connectionColumns+" from connections where slug = @slug "+lock, of)
	adding(&t, &revisions, scanRevision,
		selectRevisions("where connection_id = (select id from connections where slug = @slug) and state in ('draft', 'live')"), of)
	if err := t.send(ctx, s.db); err != nil {
		return model.Connection{}, err
	}
	if len(found) == 0 {
		return model.Connection{}, ErrNotFound
	}
	attach(&found[0], revisions)
	return found[0], nil
}

func attach(c *model.Connection, revisions []model.Revision) {
	for _, r := range revisions {
		if r.ConnectionID != c.ID {
			continue
		}
		switch r.State {
		case model.RevisionLive:
			c.Live = &r
			if c.Status == model.StatusLive && c.LiveSince.IsZero() {
				c.LiveSince = r.LiveAt // made live by a program that does not know the column
			}
		case model.RevisionDraft:
			c.Draft = &r
		case model.RevisionPast:
		}
	}
}

// CreateConnection makes a connection in the state draft, with revision 1 as
// its draft; ErrExists when the slug is taken.
func (s *Store) CreateConnection(ctx context.Context, actor model.Actor, slug string, cfg model.Config) (model.Connection, error) {
	var c model.Connection
	err := s.InTx(ctx, func(tx *Store) error {
		var id int64
		err := tx.db.QueryRow(ctx, "insert into connections (slug) values (@slug) returning id", named{"slug": slug}).Scan(&id)
		if err != nil {
			return translate(err)
		}
		r := model.Revision{ConnectionID: id, Number: 1, State: model.RevisionDraft, Config: cfg, Author: actor.Name}
		if _, err := tx.insertRevision(ctx, r); err != nil {
			return err
		}
		if c, err = tx.connection(ctx, slug, ""); err != nil {
			return err
		}
		return tx.record(ctx, actor, "connection.create", slug, nil, auditedConfig(cfg), "")
	})
	return c, err
}

// SetStatus suspends, resumes or otherwise moves a connection along
// model.StatusTransitions; ErrTransition when there is no such way.
func (s *Store) SetStatus(ctx context.Context, actor model.Actor, slug string, to model.Status) error {
	return s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		if c.Status == to {
			return nil
		}
		if to == model.StatusLive && c.Live == nil {
			return ErrTransition
		}
		if err := tx.moveStatus(ctx, c, to); err != nil {
			return err
		}
		return tx.record(ctx, actor, "connection.status", slug,
			map[string]any{"status": c.Status}, map[string]any{"status": to}, "")
	})
}

// moveStatus changes the status along model.StatusTransitions, if it still is
// what c says; ErrTransition otherwise.
func (s *Store) moveStatus(ctx context.Context, c model.Connection, to model.Status) error {
	if !c.Status.CanBecome(to) {
		return ErrTransition
	}
	tag, err := s.db.Exec(ctx, `update connections set status = @to, live_since = case when @to = @live then now() end, updated_at = now()
		where id = @id and status = @from`,
		named{"live": model.StatusLive, "id": c.ID, "from": c.Status, "to": to})
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrTransition
	}
	return err
}

// DeleteConnection removes a connection with its revisions, identities, rules
// and pending requests. Its logins stay in the traces. Apps whose people came
// through it let them choose from now on.
func (s *Store) DeleteConnection(ctx context.Context, actor model.Actor, slug string) error {
	return s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		// Nobody's rules grant these any more.
		if _, err := tx.db.Exec(ctx, "delete from memberships where source = 'rule' and ref = @slug", named{"slug": c.Slug}); err != nil {
			return err
		}
		if err := tx.unpinApps(ctx, actor, c.Slug); err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "delete from connections where id = $1", c.ID); err != nil {
			return err
		}
		return tx.record(ctx, actor, "connection.delete", slug, auditedConnection(c), nil, "")
	})
}

func auditedConnection(c model.Connection) any {
	fields := map[string]any{"status": c.Status, "name": c.Name()}
	if r := c.Current(); r != nil {
		fields["config"] = auditedConfig(r.Config)
	}
	return fields
}

// auditedConfig is a configuration as the audit keeps it: the metadata is long
// and public, so its fingerprint stands for it.
func auditedConfig(c model.Config) any {
	short := c
	if c.IdPMetadata != "" {
		sum := sha256.Sum256([]byte(c.IdPMetadata))
		short.IdPMetadata = fmt.Sprintf("%d bytes, SHA-256 %s", len(c.IdPMetadata), hex.EncodeToString(sum[:]))
	}
	return short
}

func auditedRevision(r model.Revision) any {
	return map[string]any{"number": r.Number, "config": auditedConfig(r.Config), "ticks": r.Ticks}
}
