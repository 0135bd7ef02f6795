package store

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// AuditQuery chooses audit entries, newest first.
type AuditQuery struct {
	Search string // in actor, action, object and note
	Actor  string
	Action string
	Object string
	Page
}

// Audit lists who changed what.
func (s *Store) Audit(ctx context.Context, q AuditQuery) ([]model.AuditEntry, string, error) {
	before := int64(1) << 62
	if at, ok := q.position(1); ok {
		if id, err := strconv.ParseInt(at[0], 10, 64); err == nil {
			before = id
		}
	}
	rows, err := s.db.Query(ctx, `
		select id, at, actor, remote_addr, action, object, before, after, note from audit
		where id < @before
		  and (@actor = '' or actor = @actor)
		  and (@action = '' or action = @action)
		  and (@object = '' or object = @object)
		  and (@search = '' or actor ilike @like or action ilike @like or object ilike @like or note ilike @like)
		order by id desc limit @limit`,
		pgx.NamedArgs{"before": before, "actor": q.Actor, "action": q.Action, "object": q.Object,
			"search": q.Search, "like": contains(q.Search), "limit": q.limit() + 1})
	if err != nil {
		return nil, "", err
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e model.AuditEntry, err error) {
		err = row.Scan(&e.ID, &e.At, &e.Actor, &e.RemoteAddr, &e.Action, &e.Object, &e.Before, &e.After, &e.Note)
		return e, err
	})
	if err != nil {
		return nil, "", err
	}
	entries, next := cut(entries, q.limit(), func(e model.AuditEntry) []string { return []string{strconv.FormatInt(e.ID, 10)} })
	return entries, next, nil
}

// RecordAudit notes something that changes no row of its own: a sign-in, a
// sensitive read.
func (s *Store) RecordAudit(ctx context.Context, actor model.Actor, action, object, note string) error {
	return s.record(ctx, actor, action, object, nil, nil, note)
}

// record appends to the audit. before and after are written as JSON; nil means
// that the object did not exist.
func (s *Store) record(ctx context.Context, actor model.Actor, action, object string, before, after any, note string) error {
	b, err := auditJSON(before)
	if err != nil {
		return err
	}
	a, err := auditJSON(after)
	if err != nil {
		return err
	}
	if b != nil && bytes.Equal(b, a) {
		return nil // nothing changed
	}
	_, err = s.db.Exec(ctx, `
		insert into audit (actor, remote_addr, action, object, before, after, note)
		values (@actor, @remote, @action, @object, @before, @after, @note)`,
		pgx.NamedArgs{"actor": clean(actor.Name, 512), "remote": actor.RemoteAddr, "action": action,
			"object": clean(object, 512), "before": b, "after": a, "note": clean(note, 2048)})
	return err
}

func auditJSON(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}
