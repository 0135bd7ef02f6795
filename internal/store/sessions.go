package store

import (
	"context"
	"errors"
	"time"
)

// Session is what a session holds that has not ended, and when it ends; found is
// false when there is none.
func (s *Store) Session(ctx context.Context, token string) (data []byte, ends time.Time, found bool, err error) {
	err = translate(s.db.QueryRow(ctx, "select data, expiry from sessions where token = $1 and current_timestamp < expiry", token).Scan(&data, &ends))
	if errors.Is(err, ErrNotFound) {
		return nil, ends, false, nil
	}
	return data, ends, err == nil, err
}

// ProlongSession moves the end of a session. One that was ended meanwhile stays so.
func (s *Store) ProlongSession(ctx context.Context, token string, ends time.Time) error {
	_, err := s.db.Exec(ctx, "update sessions set expiry = $2 where token = $1 and expiry < $2", token, ends)
	return err
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
