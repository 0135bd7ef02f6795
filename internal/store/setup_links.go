package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const setupLinkColumns = `k.id, c.slug, k.task, coalesce(k.revision_id, 0),
	case k.task when 'setup' then coalesce(r.state = 'draft', false)
		else exists (select from revisions v where v.connection_id = c.id and v.state = 'live') end, k.author,
	k.created_at, k.expires_at, k.opened_at, k.opened_from, k.revoked_at, k.revoked_by`

const setupLinksFrom = ` from setup_links k join connections c on c.id = k.connection_id left join revisions r on r.id = k.revision_id `

func setupLinkFields(l *model.SetupLink, opened, revoked **time.Time) []any {
	return []any{&l.ID, &l.Connection, &l.Task, &l.RevisionID, &l.Current, &l.Author,
		&l.CreatedAt, &l.ExpiresAt, opened, &l.OpenedFrom, revoked, &l.RevokedBy}
}

func scanSetupLink(row pgx.CollectableRow) (l model.SetupLink, err error) {
	var opened, revoked *time.Time
	err = row.Scan(setupLinkFields(&l, &opened, &revoked)...)
	l.OpenedAt, l.RevokedAt = valueOrZero(opened), valueOrZero(revoked)
	return l, err
}

// CreateSetupLink makes a link for the draft of a connection, or for the
// certificate of one that is live; ErrNotFound when there is none. token is what
// the link has in its address; its hash is kept.
func (s *Store) CreateSetupLink(ctx context.Context, actor model.Actor, slug string, task model.SetupTask, token string,
	now, expires time.Time) (model.SetupLink, error) {
	var l model.SetupLink
	err := s.InTx(ctx, func(tx *Store) error {
		c, err := tx.connection(ctx, slug, "for update")
		if err != nil {
			return err
		}
		var revision *int64
		switch {
		case task == model.TaskCertificate && c.Live != nil:
		case task == model.TaskSetup && c.Draft != nil:
			revision = &c.Draft.ID
		default:
			return ErrNotFound
		}
		var id int64
		err = tx.db.QueryRow(ctx, `
			insert into setup_links (token_hash, connection_id, task, revision_id, author, created_at, expires_at)
			values (@token, @connection, @task, @revision, @author, @now, @expires) returning id`,
			named{"token": hashToken(token), "connection": c.ID, "task": task, "revision": revision, "author": actor.Name, "now": now,
				"expires": expires}).Scan(&id)
		if err != nil {
			return translate(err)
		}
		if l, err = tx.setupLink(ctx, id); err != nil {
			return err
		}
		return tx.record(ctx, actor, "setup_link.create", slug, nil, auditedSetupLink(l), "")
	})
	return l, err
}

func auditedSetupLink(l model.SetupLink) any {
	return map[string]any{"id": l.ID, "task": l.Task, "expires_at": l.ExpiresAt.UTC()}
}

func (s *Store) setupLink(ctx context.Context, id int64) (model.SetupLink, error) {
	return single(ctx, s.db, scanSetupLink, "select "+setupLinkColumns+setupLinksFrom+"where k.id = @id", named{"id": id})
}

// SetupLinks lists the newest setup links of a connection for a task.
func (s *Store) SetupLinks(ctx context.Context, slug string, task model.SetupTask, limit int) ([]model.SetupLink, error) {
	return list(ctx, s.db, scanSetupLink, "select "+setupLinkColumns+setupLinksFrom+
		"where c.slug = @slug and k.task = @task order by k.id desc limit @limit", named{"slug": slug, "task": task, "limit": limit})
}

// SetupLinkByToken finds a link by the token in its address. mine tells whether
// the browser with that cookie is the one that opened it.
func (s *Store) SetupLinkByToken(ctx context.Context, token, cookie string) (l model.SetupLink, mine bool, err error) {
	var opened, revoked *time.Time
	err = s.db.QueryRow(ctx, "select "+setupLinkColumns+", coalesce(k.browser_hash = @browser, false)"+setupLinksFrom+"where k.token_hash = @token",
		named{"token": hashToken(token), "browser": hashToken(cookie)}).
		Scan(append(setupLinkFields(&l, &opened, &revoked), &mine)...)
	l.OpenedAt, l.RevokedAt = valueOrZero(opened), valueOrZero(revoked)
	return l, mine, translate(err)
}

// OpenSetupLink binds a link to the browser that gets this cookie. ErrConflict
// when it is not waiting to be opened any more: of two browsers one is first.
func (s *Store) OpenSetupLink(ctx context.Context, token, cookie, remoteAddr string, now time.Time) (model.SetupLink, error) {
	var l model.SetupLink
	err := s.InTx(ctx, func(tx *Store) error {
		var id int64
		err := tx.db.QueryRow(ctx, `
			update setup_links set browser_hash = @browser, opened_at = @now, opened_from = @remote
			where token_hash = @token and opened_at is null and revoked_at is null and expires_at > @now
			  and case task when 'setup' then revision_id in (select id from revisions where state = 'draft')
				else connection_id in (select connection_id from revisions where state = 'live') end returning id`,
			named{"token": hashToken(token), "browser": hashToken(cookie), "now": now, "remote": clean(remoteAddr, 64)}).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrConflict
		}
		if err != nil {
			return translate(err)
		}
		if l, err = tx.setupLink(ctx, id); err != nil {
			return err
		}
		return tx.record(ctx, model.Actor{Name: l.Actor(), RemoteAddr: remoteAddr}, "setup_link.open", l.Connection, nil, auditedSetupLink(l), "")
	})
	return l, err
}

// SaveThroughSetupLink changes the draft that a link is for, as SaveDraft does.
// The link is judged under a lock: ErrNotFound when it cannot be used any more.
func (s *Store) SaveThroughSetupLink(ctx context.Context, l model.SetupLink, remoteAddr string, now time.Time, version int,
	change func(*model.Revision) error) (model.Revision, error) {
	var saved model.Revision
	err := s.InTx(ctx, func(tx *Store) error {
		link, err := tx.openLink(ctx, l, model.TaskSetup, now)
		if err != nil {
			return err
		}
		saved, err = tx.SaveDraft(ctx, model.Actor{Name: link.Actor(), RemoteAddr: remoteAddr}, link.Connection, version, change)
		return err
	})
	return saved, err
}

// openLink locks a link and its connection, and judges it again: ErrNotFound
// when it is not open, or for another task.
func (s *Store) openLink(ctx context.Context, l model.SetupLink, task model.SetupTask, now time.Time) (model.SetupLink, error) {
	if _, err := s.connection(ctx, l.Connection, "for update"); err != nil { // first, as in every change
		return l, err
	}
	if _, err := s.db.Exec(ctx, "select from setup_links where id = $1 for update", l.ID); err != nil {
		return l, err
	}
	link, err := s.setupLink(ctx, l.ID)
	if err == nil && (link.Task != task || link.State(now) != model.SetupLinkOpen) {
		err = ErrNotFound
	}
	return link, err
}

// RevokeSetupLink ends a link of a connection; ErrNotFound when there is none
// with that id, Gone with who did it when it is revoked already.
func (s *Store) RevokeSetupLink(ctx context.Context, actor model.Actor, slug string, id int64, now time.Time) error {
	return s.InTx(ctx, func(tx *Store) error {
		l, err := tx.setupLink(ctx, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err != nil || l.Connection != slug {
			return &Gone{Part: PartSetupLink, Object: slug}
		}
		tag, err := tx.db.Exec(ctx, "update setup_links set revoked_at = @now, revoked_by = @by where id = @id and revoked_at is null",
			named{"id": id, "now": now, "by": actor.Name})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return &Gone{Part: PartSetupLink, By: l.RevokedBy, At: l.RevokedAt}
		}
		return tx.record(ctx, actor, "setup_link.revoke", slug, auditedSetupLink(l), nil, "")
	})
}

// Trials says how far the test logins of a revision got.
type Trials struct {
	RequestAt  time.Time      // when the first request left for AWS; zero: none has
	ResponseAt time.Time      // when the first response came; zero: none has
	Refusal    *model.Refusal // why the latest response was refused; nil: it was not
}

// Trials reads it.
func (s *Store) Trials(ctx context.Context, revisionID int64) (Trials, error) {
	var t Trials
	var request, response *time.Time
	err := s.db.QueryRow(ctx, `
		select min(started_at) filter (where not unsolicited), min(finished_at),
			(array_agg(refusal order by finished_at desc, id desc) filter (where finished_at is not null))[1]
		from logins where test and revision_id = @revision`, named{"revision": revisionID}).Scan(&request, &response, &t.Refusal)
	t.RequestAt, t.ResponseAt = valueOrZero(request), valueOrZero(response)
	return t, translate(err)
}
