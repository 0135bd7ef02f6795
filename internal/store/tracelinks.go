package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const traceLinkSQL = `select t.id, c.slug, t.person, t.author, t.token_sealed, t.created_at, t.expires_at, t.attempts, t.login_id
	from trace_links t join connections c on c.id = t.connection_id `

func scanTraceLink(row pgx.CollectableRow) (l model.TraceLink, err error) {
	err = row.Scan(&l.ID, &l.Connection, &l.Person, &l.Author, &l.TokenSealed, &l.CreatedAt, &l.ExpiresAt, &l.Attempts, &l.LoginID)
	return l, err
}

// traceLinkAudit is what the audit says of a link: never its token.
type traceLinkAudit struct {
	ID         int64     `json:"id"`
	Person     string    `json:"person"`
	Connection string    `json:"connection"`
	ExpiresAt  time.Time `json:"expires_at"`
}

func auditedLink(l model.TraceLink) traceLinkAudit {
	return traceLinkAudit{ID: l.ID, Person: l.Person, Connection: l.Connection, ExpiresAt: l.ExpiresAt.UTC()}
}

// CreateTraceLink keeps a link under the hash of its token; ErrNotFound without
// its connection.
func (s *Store) CreateTraceLink(ctx context.Context, actor model.Actor, l model.TraceLink, token string) (model.TraceLink, error) {
	l.Author, l.Person = clean(actor.Name, 512), clean(l.Person, maxText)
	err := s.InTx(ctx, func(tx *Store) error {
		err := tx.db.QueryRow(ctx, `
			insert into trace_links (token_hash, token_sealed, connection_id, person, author, created_at, expires_at)
			select @hash, @sealed, id, @person, @author, @created, @expires from connections where slug = @connection
			returning id`,
			named{"hash": hashToken(token), "sealed": l.TokenSealed, "person": l.Person, "author": l.Author,
				"created": l.CreatedAt, "expires": l.ExpiresAt, "connection": l.Connection}).Scan(&l.ID)
		if err != nil {
			return translate(err)
		}
		return tx.record(ctx, actor, "trace_link.create", l.Person, nil, auditedLink(l), "")
	})
	return l, err
}

// TraceLink is a link by its id.
func (s *Store) TraceLink(ctx context.Context, id int64) (model.TraceLink, error) {
	return single(ctx, s.db, scanTraceLink, traceLinkSQL+"where t.id = @id", named{"id": id})
}

// TraceLinkByToken is the link of a token that has not expired.
func (s *Store) TraceLinkByToken(ctx context.Context, token string, now time.Time) (model.TraceLink, error) {
	return single(ctx, s.db, scanTraceLink, traceLinkSQL+"where t.token_hash = @hash and t.expires_at > @now",
		named{"hash": hashToken(token), "now": now})
}

// TraceLinkOf is the link that a login is the latest of.
func (s *Store) TraceLinkOf(ctx context.Context, loginID string) (model.TraceLink, error) {
	return single(ctx, s.db, scanTraceLink, traceLinkSQL+"where t.login_id = @login and t.login_id <> '' limit 1", named{"login": loginID})
}

// OpenTraceLinks lists the links that have not expired, newest first.
func (s *Store) OpenTraceLinks(ctx context.Context, now time.Time) ([]model.TraceLink, error) {
	return list(ctx, s.db, scanTraceLink, traceLinkSQL+"where t.expires_at > @now order by t.created_at desc, t.id desc limit 100", named{"now": now})
}

// WatchLogin notes that a link has started a login.
func (s *Store) WatchLogin(ctx context.Context, linkID int64, loginID string) error {
	_, err := s.db.Exec(ctx, "update trace_links set login_id = @login, attempts = attempts + 1 where id = @id",
		named{"login": loginID, "id": linkID})
	return err
}

// EndTraceLink lets a link expire now; one that has expired by itself stays as it
// is. Gone when there is none, or somebody ended it before.
func (s *Store) EndTraceLink(ctx context.Context, actor model.Actor, id int64, now time.Time) error {
	return s.InTx(ctx, func(tx *Store) error {
		before, err := single(ctx, tx.db, scanTraceLink, traceLinkSQL+"where t.id = @id for update of t", named{"id": id})
		if errors.Is(err, ErrNotFound) {
			return &Gone{Part: PartTraceLink}
		}
		if err != nil {
			return err
		}
		if !before.Open(now) {
			ended := &Gone{Part: PartTraceLink, Object: before.Person, Actions: []string{"trace_link.end"}, Key: "id", Value: strconv.FormatInt(id, 10)}
			if _, err = tx.WhoTook(ctx, ended); errors.Is(err, ErrNotFound) {
				return nil
			}
			return errors.Join(ended, err)
		}
		if _, err := tx.db.Exec(ctx, "update trace_links set expires_at = @now where id = @id", named{"id": id, "now": now}); err != nil {
			return err
		}
		after := before
		after.ExpiresAt = now
		return tx.record(ctx, actor, "trace_link.end", before.Person, auditedLink(before), auditedLink(after), "")
	})
}
