package store

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// tokensKept is how many tokens of an app are kept, the newest. An app uses
	// the last one.
	tokensKept = 100
	// A full synchronization that begins within fullSyncJoins of another goes on
	// from where that one does: the app tries again, or two begin at once. Each may
	// take fullSyncLasts less fullSyncJoins.
	fullSyncJoins = 6 * time.Hour
	fullSyncLasts = 12 * time.Hour
)

// EventToken is where an app goes on after a full synchronization. Atlassian's
// client asks before and after reading everything, and keeps the second answer:
// after a full synchronization that is from its beginning, so that what changed
// meanwhile is told. At any other time it is from now.
func (s *Store) EventToken(ctx context.Context, app string, now time.Time) (string, error) {
	if err := s.adoptLog(ctx); err != nil {
		return "", err
	}
	token, err := s.fullSyncToken(ctx, app, now.Add(-fullSyncLasts))
	if errors.Is(err, ErrNotFound) {
		return s.keepToken(ctx, app, "", false, now)
	}
	return token, err
}

// BeginFullSync notes that an app is about to read everything.
func (s *Store) BeginFullSync(ctx context.Context, app string, now time.Time) error {
	if err := s.adoptLog(ctx); err != nil {
		return err
	}
	_, err := s.fullSyncToken(ctx, app, now.Add(-fullSyncJoins))
	if errors.Is(err, ErrNotFound) {
		_, err = s.keepToken(ctx, app, "", true, now)
	}
	return err
}

func (s *Store) fullSyncToken(ctx context.Context, app string, since time.Time) (string, error) {
	return single(ctx, s.db, pgx.RowTo[string], `select token from crowd_tokens
		where app = @app and full_sync and at > @since order by id desc limit 1`, named{"app": app, "since": since})
}

// keepToken makes a token of a snapshot of PostgreSQL's; empty: that of now.
func (s *Store) keepToken(ctx context.Context, app, snapshot string, fullSync bool, now time.Time) (string, error) {
	token := rand.Text()
	_, err := s.db.Exec(ctx, `with old as (delete from crowd_tokens where id in
			(select id from crowd_tokens where app = @app order by id desc offset @keep))
		insert into crowd_tokens (token, app, snapshot, full_sync, at)
		values (@token, @app, coalesce(nullif(@snapshot::text, '')::pg_snapshot, pg_current_snapshot()), @full, @at)`,
		named{"token": token, "app": app, "snapshot": snapshot, "full": fullSync, "at": now, "keep": tokensKept - 1})
	return token, translate(err)
}

// snapshotOf is what an app's token stands for; ErrTokenExpired when the app was
// given none like it, or that was before a restored backup was made. An app that
// comes with the token of a full synchronization has ended that.
func (s *Store) snapshotOf(ctx context.Context, app, token string) (string, error) {
	snapshot, err := single(ctx, s.db, pgx.RowTo[string], `with ended as (update crowd_tokens set full_sync = false where app = @app and full_sync
			and id <= (select id from crowd_tokens where app = @app and token = @token and full_sync))
		select snapshot::text from crowd_tokens where app = @app and token = @token`, named{"app": app, "token": clean(token, 64)})
	if errors.Is(err, ErrNotFound) {
		return "", ErrTokenExpired
	}
	return snapshot, err
}

// adoptLog begins the log anew when it was written by another database: after a
// dump was restored, or the data moved to another server. It comes before the
// first token of this one.
func (s *Store) adoptLog(ctx context.Context) error {
	_, err := s.db.Exec(ctx, `with moved as (update crowd_pruned set xid = 0, database = crowd_database() where database <> crowd_database() returning 1),
			void as (delete from crowd_tokens where exists (select from moved))
		delete from crowd_events where exists (select from moved)`)
	return err
}
