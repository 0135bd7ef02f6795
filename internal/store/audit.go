package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const auditColumns = "id, at, actor, remote_addr, action, object, before, after, note, coalesce(act, 0)"

func auditFields(e *model.AuditEntry) []any {
	return []any{&e.ID, &e.At, &e.Actor, &e.RemoteAddr, &e.Action, &e.Object, &e.Before, &e.After, &e.Note, &e.Act}
}

func scanAuditEntry(row pgx.CollectableRow) (e model.AuditEntry, err error) {
	return e, row.Scan(auditFields(&e)...)
}

// scanUndoable is an entry with the column undoColumn.
func scanUndoable(row pgx.CollectableRow) (e model.AuditEntry, err error) {
	return e, row.Scan(append(auditFields(&e), &e.Undo)...)
}

// AuditQuery chooses audit entries, newest first.
type AuditQuery struct {
	Search string // in everything but the names of fields
	Actor  string
	Action string // "user.create", or "user." for every change of users
	Object string
	Since  time.Time // zero: no limit
	Until  time.Time
	Acts   bool      // only the first entry of each act
	Act    int64     // only the entries of the act that this one begins; zero: any
	Now    time.Time // as of when it is told what undoes an entry; zero: it is not told
	Page
}

// Audit lists who changed what, where the query asks for it with what undoes it.
func (s *Store) Audit(ctx context.Context, q AuditQuery) ([]model.AuditEntry, string, error) {
	f := q.filter()
	f.set("limit", q.limit()+1)
	f.set("undoable", nil)
	if !q.Now.IsZero() {
		f.set("undoable", q.Now.Add(-model.UndoFor))
	}
	if at, ok := q.position(1); ok {
		if id, err := strconv.ParseInt(at[0], 10, 64); err == nil {
			f.with("id < @before", "before", id)
		}
	}
	entries, err := filtered(ctx, s.db, scanUndoable, "select "+auditColumns+", "+undoColumn+" from (select * from audit"+f.String()+
		"order by id desc limit @limit) a order by id desc", f.args)
	if err != nil {
		return nil, "", err
	}
	entries, next := cut(entries, q.limit(), func(e model.AuditEntry) []string { return []string{strconv.FormatInt(e.ID, 10)} })
	return entries, next, nil
}

// auditText is written as the indexes audit_search and audit_rare_letters are.
const auditText = "audit_text(actor, action, object, note, remote_addr, before, after)"

// ShortestSearch is how many letters or digits a search of the audit has, unless one of
// them is rare: fewer make no trigram, and each entry would be read.
const ShortestSearch = 3

// TooShort tells whether the search has fewer, among entries that nothing else narrows.
func (q AuditQuery) TooShort() bool {
	if q.Search == "" || q.Object != "" || q.Act != 0 || hasRareLetter(q.Search) {
		return false
	}
	letters := strings.FieldsFunc(q.Search, func(r rune) bool { return strings.ContainsRune(usualSigns, r) })
	return len(strings.Join(letters, "")) < ShortestSearch
}

// filter is which entries.
func (q AuditQuery) filter() *filter {
	f := new(filter)
	if q.Search != "" {
		f.with(auditText+" ilike @like", "like", contains(q.Search))
		f.rareLetters("lower("+auditText+")", "lower(@letters::text)", q.Search)
	}
	if q.Actor != "" {
		f.with("actor = @actor", "actor", q.Actor)
	}
	if strings.HasSuffix(q.Action, ".") {
		f.with("action like @action", "action", startsWith(q.Action))
	} else if q.Action != "" {
		f.with("action = @action", "action", q.Action)
	}
	if q.Object != "" {
		f.with("object = @object", "object", q.Object)
	}
	if q.Acts {
		f.where("act is null")
	}
	if q.Act != 0 {
		f.with("(id = @act or act = @act)", "act", q.Act)
	}
	if !q.Since.IsZero() {
		f.with("at >= @since", "since", q.Since)
	}
	if !q.Until.IsZero() {
		f.with("at < @until", "until", q.Until)
	}
	return f
}

// RecordAudit notes something that changes no row of its own: a sign-in, a
// sensitive read.
func (s *Store) RecordAudit(ctx context.Context, actor model.Actor, action, object, note string) error {
	return s.record(ctx, actor, action, object, nil, nil, note)
}

// record appends to the audit. before and after are written as JSON; nil means
// that the object did not exist.
func (s *Store) record(ctx context.Context, actor model.Actor, action, object string, before, after any, note string) error {
	args, err := auditArgs(actor, action, object, before, after, note)
	if err != nil || args == nil {
		return err
	}
	_, err = s.recordOne(ctx, args)
	return err
}

// recordOne appends an entry, as auditArgs makes it, and returns its id. The first
// of a transaction begins the act that the later ones belong to.
func (s *Store) recordOne(ctx context.Context, args named) (id int64, err error) {
	args["act"] = s.actOf()
	err = s.db.QueryRow(ctx, `insert into audit (actor, remote_addr, action, object, before, after, note, act)
		values (@actor, @remote, @action, @object, @before, @after, @note, @act) returning id`, args).Scan(&id)
	if err == nil && s.act != nil && s.act.first == 0 {
		s.act.first = id
	}
	if err == nil {
		s.note(ctx, args)
	}
	return id, err
}

// actOf is the act under way; nil when the next entry begins one.
func (s *Store) actOf() *int64 {
	if s.act == nil || s.act.first == 0 {
		return nil
	}
	return &s.act.first
}

// recordAll appends many entries, each as auditArgs makes it.
func (s *Store) recordAll(ctx context.Context, entries []named) error {
	if len(entries) > 0 && s.act != nil && s.act.first == 0 {
		if _, err := s.recordOne(ctx, entries[0]); err != nil {
			return err
		}
		entries = entries[1:]
	}
	if len(entries) == 0 {
		return nil
	}
	rows, err := toJSON(entries)
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `insert into audit (actor, remote_addr, action, object, before, after, note, act)
		select r.actor, r.remote, r.action, r.object, r.before::jsonb, r.after::jsonb, r.note, @act
		from jsonb_to_recordset(@rows::jsonb) as r (actor text, remote text, action text, object text, before text, after text, note text)`,
		named{"rows": rows, "act": s.actOf()})
	if err == nil {
		s.note(ctx, entries...)
	}
	return err
}

// Acts lists the newest acts, each by its first entry, with how many further
// entries it has, and what undoes it as of now, in one query.
func (s *Store) Acts(ctx context.Context, limit int, now time.Time) ([]model.AuditEntry, []int, error) {
	var more []int
	entries, err := list(ctx, s.db, func(row pgx.CollectableRow) (e model.AuditEntry, err error) {
		var n int
		err = row.Scan(append(auditFields(&e), &e.Undo, &n)...)
		more = append(more, n)
		return e, err
	}, "select "+auditColumns+", "+undoColumn+`, (select count(*) from audit p where p.act = a.id)
		from (select * from audit where act is null order by id desc limit @limit) a order by id desc`,
		named{"limit": limit, "undoable": now.Add(-model.UndoFor)})
	return entries, more, err
}

// ActParts is what an act did besides its first entry.
type ActParts struct {
	Count   int
	Entries []model.AuditEntry // the newest of them
}

// AuditParts are the further entries of acts, by the id of the entry that begins
// each; at most limit of an act. An act of one entry is left out.
func (s *Store) AuditParts(ctx context.Context, acts []int64, limit int) (map[int64]ActParts, error) {
	if len(acts) == 0 {
		return nil, nil
	}
	var count int
	parts := make(map[int64]ActParts, len(acts))
	_, err := list(ctx, s.db, func(row pgx.CollectableRow) (e model.AuditEntry, err error) {
		err = row.Scan(&e.ID, &e.At, &e.Actor, &e.RemoteAddr, &e.Action, &e.Object, &e.Before, &e.After, &e.Note, &e.Act, &count)
		p := parts[e.Act]
		parts[e.Act] = ActParts{Count: count, Entries: append(p.Entries, e)}
		return e, err
	}, `select p.*, n.parts from unnest(@acts::bigint[]) a (id),
		lateral (select count(*) parts from audit where act = a.id) n,
		lateral (select `+auditColumns+` from audit where act = a.id order by id desc limit @limit) p
		order by p.id desc`, named{"acts": acts, "limit": limit})
	return parts, err
}

// auditArgs are the columns of an entry; nil when nothing changed.
func auditArgs(actor model.Actor, action, object string, before, after any, note string) (named, error) {
	b, err := toJSON(before)
	if err != nil {
		return nil, err
	}
	a, err := toJSON(after)
	if err != nil {
		return nil, err
	}
	if b != nil && a != nil && *b == *a {
		return nil, nil
	}
	return named{"actor": clean(actor.Name, 512), "remote": clean(actor.RemoteAddr, 64), "action": action,
		"object": clean(object, 512), "before": b, "after": a, "note": clean(note, 2048)}, nil
}

// counted is a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
