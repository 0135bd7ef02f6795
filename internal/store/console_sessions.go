package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const consoleSessionColumns = "id, administrator_id, method, remote_addr, user_agent, started_at, last_seen_at"

func scanConsoleSession(row pgx.CollectableRow) (c model.ConsoleSession, err error) {
	return c, row.Scan(&c.ID, &c.AdministratorID, &c.Method, &c.RemoteAddr, &c.UserAgent, &c.StartedAt, &c.LastSeenAt)
}

// StartConsoleSession notes a session that begins, and returns its id.
func (s *Store) StartConsoleSession(ctx context.Context, c model.ConsoleSession) (int64, error) {
	return single(ctx, s.db, pgx.RowTo[int64], `insert into admin_sessions (administrator_id, method, remote_addr, user_agent, started_at, last_seen_at)
		values (@admin, @method, @addr, @agent, @at, @at) returning id`,
		named{"admin": c.AdministratorID, "method": c.Method, "addr": clean(c.RemoteAddr, 64), "agent": clean(c.UserAgent, 512), "at": c.StartedAt})
}

// SeeConsoleSession tells whether a session goes on, and notes that it was seen,
// once a minute. ErrNotFound when it was ended.
func (s *Store) SeeConsoleSession(ctx context.Context, id, administratorID int64, now time.Time) error {
	last, err := single(ctx, s.db, pgx.RowTo[time.Time], `select last_seen_at from admin_sessions
		where id = @id and administrator_id = @admin and ended_at is null`, named{"id": id, "admin": administratorID})
	if err != nil || now.Sub(last) < time.Minute {
		return err
	}
	_, err = s.db.Exec(ctx, "update admin_sessions set last_seen_at = greatest(last_seen_at, @now) where id = @id", named{"id": id, "now": now})
	return err
}

// ConsoleSessions lists the sessions that go on, of one administrator, newest
// first; since is when the oldest may have been seen last.
func (s *Store) ConsoleSessions(ctx context.Context, administratorID int64, since time.Time) ([]model.ConsoleSession, error) {
	return list(ctx, s.db, scanConsoleSession, "select "+consoleSessionColumns+` from admin_sessions
		where administrator_id = @admin and ended_at is null and last_seen_at > @since order by last_seen_at desc, id desc`,
		named{"admin": administratorID, "since": since})
}

// CloseConsoleSession notes the end of a session by its owner; id 0 is none.
func (s *Store) CloseConsoleSession(ctx context.Context, id int64, now time.Time) error {
	if id == 0 {
		return nil
	}
	_, err := s.db.Exec(ctx, "update admin_sessions set ended_at = @now where id = @id and ended_at is null", named{"id": id, "now": now})
	return err
}

// EndConsoleSessions ends sessions of an administrator: the one with that id, or
// with id 0 all but the one to keep. It returns how many.
func (s *Store) EndConsoleSessions(ctx context.Context, actor model.Actor, a model.Administrator, id, keep int64, now time.Time) (int64, error) {
	var n int64
	err := s.InTx(ctx, func(tx *Store) error {
		tag, err := tx.db.Exec(ctx, `update admin_sessions set ended_at = @now
			where administrator_id = @admin and ended_at is null and (id = @id or (@id = 0 and id <> @keep))`,
			named{"now": now, "admin": a.ID, "id": id, "keep": keep})
		if n = tag.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return tx.RecordAudit(ctx, actor, "administrator.sessions_ended", a.Email, "")
	})
	return n, err
}
