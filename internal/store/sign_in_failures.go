package store

import (
	"context"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// CountSignInAttempt counts an attempt under a key. It returns how many there
// were within the window that the first one began, and when that one ends.
func (s *Store) CountSignInAttempt(ctx context.Context, key string, now time.Time, window time.Duration) (n int, until time.Time, err error) {
	err = s.db.QueryRow(ctx, `insert into sign_in_failures (key, count, until) values (@key, 1, @until)
		on conflict (key) do update set
			count = case when sign_in_failures.until <= @now then 1 else sign_in_failures.count + 1 end,
			until = case when sign_in_failures.until <= @now then @until else sign_in_failures.until end
		returning count, until`, named{"key": hashToken(key), "now": now, "until": now.Add(window)}).Scan(&n, &until)
	return n, until, err
}

// TakeBackSignInAttempt takes one back that was no failure.
func (s *Store) TakeBackSignInAttempt(ctx context.Context, key string, now time.Time) error {
	_, err := s.db.Exec(ctx, "update sign_in_failures set count = count - 1 where key = @key and count > 0 and until > @now",
		named{"key": hashToken(key), "now": now})
	return err
}

// ForgetSignInAttempts opens an account at which others have guessed.
func (s *Store) ForgetSignInAttempts(ctx context.Context, a model.Administrator) error {
	_, err := s.db.Exec(ctx, "delete from sign_in_failures where key = $1", hashToken(a.AttemptKey()))
	return err
}

// KnowBrowser remembers that an administrator signed in with a browser.
func (s *Store) KnowBrowser(ctx context.Context, administratorID int64, token string, now time.Time) error {
	_, err := s.db.Exec(ctx, `insert into known_browsers (administrator_id, token_hash, seen_at) values (@admin, @token, @now)
		on conflict (administrator_id, token_hash) do update set seen_at = excluded.seen_at`, named{"admin": administratorID, "token": hashToken(token), "now": now})
	return err
}

// IsKnownBrowser tells whether the administrator signed in with that browser
// before.
func (s *Store) IsKnownBrowser(ctx context.Context, administratorID int64, token string) (known bool, err error) {
	err = s.db.QueryRow(ctx, "select exists (select from known_browsers where administrator_id = @admin and token_hash = @token)",
		named{"admin": administratorID, "token": hashToken(token)}).Scan(&known)
	return known, err
}

// IsAnyonesBrowser tells whether any administrator signed in with that browser
// before.
func (s *Store) IsAnyonesBrowser(ctx context.Context, token string) (known bool, err error) {
	err = s.db.QueryRow(ctx, "select exists (select from known_browsers where token_hash = $1)", hashToken(token)).Scan(&known)
	return known, err
}
