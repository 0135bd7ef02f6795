package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/throttle"
)

// SignInAttempts are the counts of attempts to sign in, which all processes
// share. Of keys only hashes are kept.
func (s *Store) SignInAttempts() throttle.Store { return signInAttempts{s} }

type signInAttempts struct{ *Store }

// Add implements throttle.Store.
func (s signInAttempts) Add(ctx context.Context, key string, now time.Time, window time.Duration) (throttle.Count, error) {
	return readCount(s.db.QueryRow(ctx, `insert into sign_in_failures (key, count, until) values (@key, 1, @until)
		on conflict (key) do update set
			count = case when sign_in_failures.until <= @now then 1 else sign_in_failures.count + 1 end,
			until = case when sign_in_failures.until <= @now then @until else sign_in_failures.until end
		returning count, until`, named{"key": hashToken(key), "now": now, "until": now.Add(window)}))
}

// Get implements throttle.Store.
func (s signInAttempts) Get(ctx context.Context, key string, now time.Time, _ time.Duration) (throttle.Count, error) {
	c, err := readCount(s.db.QueryRow(ctx, "select count, until from sign_in_failures where key = @key and until > @now",
		named{"key": hashToken(key), "now": now}))
	if errors.Is(err, pgx.ErrNoRows) {
		return throttle.Count{}, nil
	}
	return c, err
}

func readCount(row pgx.Row) (throttle.Count, error) {
	var n int
	var until time.Time
	err := row.Scan(&n, &until)
	return throttle.Count{N: float64(n), Until: until}, err
}

// TakeBack implements throttle.Store.
func (s signInAttempts) TakeBack(ctx context.Context, key string, until time.Time, _ time.Duration) error {
	_, err := s.db.Exec(ctx, "update sign_in_failures set count = count - 1 where key = @key and count > 0 and until = @until",
		named{"key": hashToken(key), "until": until})
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
