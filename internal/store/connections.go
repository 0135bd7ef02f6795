package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

func scanConnection(row pgx.CollectableRow) (c model.Connection, err error) {
	err = row.Scan(&c.ID, &c.Slug, &c.Status, &c.CreatedAt, &c.UpdatedAt)
	return c, err
}

const connectionColumns = `id, slug, status, created_at, updated_at`

// Connections lists every connection with its live and draft revisions.
func (s *Store) Connections(ctx context.Context) ([]model.Connection, error) {
	rows, err := s.db.Query(ctx, "select "+connectionColumns+" from connections order by slug")
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, scanConnection)
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

func (s *Store) connection(ctx context.Context, slug, lock string) (model.Connection, error) {
	rows, err := s.db.Query(ctx, "select "+connectionColumns+" from connections where slug = @slug "+lock,
		pgx.NamedArgs{"slug": clean(slug, 64)})
	if err != nil {
		return model.Connection{}, err
	}
	c, err := pgx.CollectExactlyOneRow(rows, scanConnection)
	if err != nil {
		return c, translate(err)
	}
	revisions, err := s.revisions(ctx, "where connection_id = @id and state in ('draft', 'live')", pgx.NamedArgs{"id": c.ID})
	attach(&c, revisions)
	return c, err
}

func attach(c *model.Connection, revisions []model.Revision) {
	for _, r := range revisions {
		if r.ConnectionID != c.ID {
			continue
		}
		switch r.State {
		case model.RevisionLive:
			c.Live = &r
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
		err := tx.db.QueryRow(ctx, "insert into connections (slug) values ($1) returning id", slug).Scan(&id)
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
		if !c.Status.CanBecome(to) || (to == model.StatusLive && c.Live == nil) {
			return ErrTransition
		}
		if err := tx.writeStatus(ctx, c.ID, to); err != nil {
			return err
		}
		return tx.record(ctx, actor, "connection.status", slug,
			map[string]any{"status": c.Status}, map[string]any{"status": to}, "")
	})
}

func (s *Store) writeStatus(ctx context.Context, id int64, to model.Status) error {
	_, err := s.db.Exec(ctx, "update connections set status = $2, updated_at = now() where id = $1", id, to)
	return err
}

// DeleteConnection removes a connection with its revisions, identities, rules
// and pending requests. Its logins stay in the traces.
func (s *Store) DeleteConnection(ctx context.Context, actor model.Actor, slug string) error {
	return s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		// Nobody's rules grant these any more.
		if _, err := tx.db.Exec(ctx, "delete from memberships where source = 'rule' and ref = $1", slug); err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "delete from connections where id = $1", c.ID); err != nil {
			return err
		}
		return tx.record(ctx, actor, "connection.delete", slug, map[string]any{"status": c.Status, "name": c.Name()}, nil, "")
	})
}

// auditedConfig is a configuration as the audit keeps it: the metadata is long
// and public, so its fingerprint stands for it.
func auditedConfig(c model.Config) any {
	short := c
	if c.IdPMetadata != "" {
		sum := sha256.Sum256([]byte(c.IdPMetadata))
		short.IdPMetadata = fmt.Sprintf("%d bytes, SHA-256 %s", len(c.IdPMetadata), hex.EncodeToString(sum[:8]))
	}
	return short
}

func auditedRevision(r model.Revision) any {
	return map[string]any{"number": r.Number, "config": auditedConfig(r.Config), "ticks": maps.Clone(r.Ticks)}
}

func valueOrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func nullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
