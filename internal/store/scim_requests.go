package store

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// SCIMRequestsKept is for how long requests of identity providers are kept.
const SCIMRequestsKept = 30 * 24 * time.Hour

// scimRequestsMost is of how many requests in all, the newest, the lines are kept.
const scimRequestsMost = 500_000

const scimRequestColumns = `q.id, s.slug, q.at, q.method, q.path, q.status, q.outcome, q.line, q.details, q.resource_id, q.name, coalesce(q.run_id, 0),
	q.remote_addr, q.user_agent, q.took_us`

func scanSCIMRequest(row pgx.CollectableRow) (r model.SCIMRequest, err error) {
	var took int64
	err = row.Scan(&r.ID, &r.Source, &r.At, &r.Method, &r.Path, &r.Status, &r.Outcome, &r.Line, &r.Details, &r.ResourceID, &r.Name, &r.Run,
		&r.RemoteAddr, &r.UserAgent, &took)
	r.Took = time.Duration(took) * time.Microsecond
	return r, err
}

// NoteSCIMRequest keeps what an identity provider asked for and what came of it.
func (s *Store) NoteSCIMRequest(ctx context.Context, source int64, r model.SCIMRequest) error {
	details := make([]string, 0, len(r.Details))
	for _, d := range r.Details {
		details = append(details, clean(d, maxText))
	}
	_, err := s.db.Exec(ctx, `insert into scim_requests (source_id, at, method, path, status, outcome, line, details, resource_id, name, name_key, run_id,
			remote_addr, user_agent, took_us)
		values (@source, @at, @method, @path, @status, @outcome, @line, @details, @resource, @name, @key, @run, @remote, @agent, @took)`,
		named{"source": source, "at": r.At, "method": clean(r.Method, 16), "path": clean(r.Path, maxText), "status": r.Status, "outcome": r.Outcome,
			"line": clean(r.Line, maxText), "details": details, "resource": clean(r.ResourceID, maxText), "name": clean(r.Name, maxText),
			"key": scimNameKey(r.Name), "run": nullID(r.Run), "remote": clean(r.RemoteAddr, maxText), "agent": clean(r.UserAgent, maxText),
			"took": r.Took.Microseconds()})
	return translate(err)
}

func nullID(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// SCIMRequestQuery chooses requests of a source, the newest first.
type SCIMRequestQuery struct {
	Outcome model.SCIMOutcome // empty: all
	Changes bool              // only those that were to change something
	Name    string            // of the person or the group; empty: all
	Page
}

// SCIMRequests lists what an identity provider asked for, a page at a time.
func (s *Store) SCIMRequests(ctx context.Context, slug string, q SCIMRequestQuery) ([]model.SCIMRequest, string, error) {
	f := new(filter)
	f.set("limit", q.limit()+1)
	f.with("q.source_id = (select id from sources where slug = @slug)", "slug", slug)
	if q.Outcome != "" {
		f.with("q.outcome = @outcome", "outcome", q.Outcome)
	}
	if q.Changes {
		f.where("q.outcome <> 'read'")
	}
	if key := scimNameKey(q.Name); key != "" {
		f.with("q.name_key = @key", "key", key)
	}
	if at, ok := q.position(1); ok {
		if id, err := strconv.ParseInt(at[0], 10, 64); err == nil {
			f.with("q.id < @before", "before", id)
		}
	}
	all, err := filtered(ctx, s.db, scanSCIMRequest, "select "+scimRequestColumns+" from scim_requests q join sources s on s.id = q.source_id"+f.String()+
		"order by q.id desc limit @limit", f.args)
	if err != nil {
		return nil, "", err
	}
	all, next := cut(all, q.limit(), func(r model.SCIMRequest) []string { return []string{strconv.FormatInt(r.ID, 10)} })
	return all, next, nil
}

// SCIMRequest finds one request of a source; ErrNotFound when it has none with that id.
func (s *Store) SCIMRequest(ctx context.Context, slug string, id int64) (model.SCIMRequest, error) {
	return single(ctx, s.db, scanSCIMRequest, "select "+scimRequestColumns+` from scim_requests q join sources s on s.id = q.source_id
		where s.slug = @slug and q.id = @id`, named{"slug": slug, "id": id})
}
