package store

import (
	"context"
	"errors"
	"time"
)

// Session is what a session holds that has not ended; found is false when there is none.
func (s *Store) Session(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = translate(s.db.QueryRow(ctx, "select data from sessions where token = $1 and current_timestamp < expiry", token).Scan(&data))
	if errors.Is(err, ErrNotFound) {
		return nil, false, nil
	}
	return data, err == nil, err
}

// SaveSession makes a session, or replaces what it holds and when it ends.
func (s *Store) SaveSession(ctx context.Context, token string, data []byte, ends time.Time) error {
	_, err := s.db.Exec(ctx, `insert into sessions (token, data, expiry) values ($1, $2, $3)
		on conflict (token) do update set data = excluded.data, expiry = excluded.expiry`, token, data, ends)
	return err
}

// DeleteSession ends a session; one that is not there is no error.
func (s *Store) DeleteSession(ctx context.Context, token string) error {
	_, err := s.db.Exec(ctx, "delete from sessions where token = $1", token)
	return err
}
