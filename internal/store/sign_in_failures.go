package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// SignInBlocked tells until when sign-ins under any of the keys are refused,
// each with how many failures it takes; zero: they are not.
func (s *Store) SignInBlocked(ctx context.Context, limits map[string]int, now time.Time) (until time.Time, err error) {
	for key, limit := range limits {
		t, err := single(ctx, s.db, pgx.RowTo[time.Time], "select until from sign_in_failures where key = @key and count >= @limit and until > @now",
			named{"key": hashToken(key), "limit": limit, "now": now})
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return until, err
		}
		if t.After(until) {
			until = t
		}
	}
	return until, nil
}

// CountSignInFailure counts a failure under a key, and returns how many there
// were within the window that the first one began.
func (s *Store) CountSignInFailure(ctx context.Context, key string, now time.Time, window time.Duration) (int, error) {
	return single(ctx, s.db, pgx.RowTo[int], `insert into sign_in_failures (key, count, until) values (@key, 1, @until)
		on conflict (key) do update set
			count = case when sign_in_failures.until <= @now then 1 else sign_in_failures.count + 1 end,
			until = case when sign_in_failures.until <= @now then @until else sign_in_failures.until end
		returning count`, named{"key": hashToken(key), "now": now, "until": now.Add(window)})
}

// KnowBrowser remembers that an administrator signed in with a browser.
func (s *Store) KnowBrowser(ctx context.Context, administratorID int64, token string, now time.Time) error {
	_, err := s.db.Exec(ctx, `insert into known_browsers (administrator_id, token_hash, seen_at) values (@admin, @token, @now)
		on conflict (administrator_id, token_hash) do update set seen_at = excluded.seen_at`, named{"admin": administratorID, "token": hashToken(token), "now": now})
	return err
}

// IsKnownBrowser tells whether the administrator with that email signed in with
// that browser before.
func (s *Store) IsKnownBrowser(ctx context.Context, emailKey, token string) (known bool, err error) {
	err = s.db.QueryRow(ctx, `select exists (select from known_browsers k join administrators a on a.id = k.administrator_id
		where a.email_key = @email and k.token_hash = @token)`, named{"email": emailKey, "token": hashToken(token)}).Scan(&known)
	return known, err
}
