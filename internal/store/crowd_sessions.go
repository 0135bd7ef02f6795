package store

import (
	"context"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// CreateCrowdSession keeps a session under the hash of its token. factors is
// what the app said about the browser, hashed.
func (s *Store) CreateCrowdSession(ctx context.Context, token string, factors []byte, c model.CrowdSession) error {
	_, err := s.db.Exec(ctx, `insert into crowd_sessions (token_hash, app, user_id, session_epoch, factors, created_at, expires_at)
		values (@token, @app, @user::uuid, @epoch, @factors, @created, @expires)`,
		named{"token": hashToken(token), "app": c.App, "user": c.User.ID, "epoch": c.User.SessionEpoch, "factors": factors, "created": c.CreatedAt,
			"expires": c.ExpiresAt})
	return translate(err)
}

// CrowdSession finds a session that has not expired, of a user who is active and
// was not deactivated in between, and the hash of its factors; ErrNotFound when
// there is none.
func (s *Store) CrowdSession(ctx context.Context, token string, now time.Time) (model.CrowdSession, []byte, error) {
	var c model.CrowdSession
	var userID string
	var epoch int
	var factors []byte
	err := s.db.QueryRow(ctx, `select app, user_id::text, session_epoch, factors, created_at, expires_at from crowd_sessions
		where token_hash = @token and expires_at > @now`, named{"token": hashToken(token), "now": now}).
		Scan(&c.App, &userID, &epoch, &factors, &c.CreatedAt, &c.ExpiresAt)
	if err != nil {
		return c, nil, translate(err)
	}
	if c.User, err = s.UserByID(ctx, userID); err == nil && (!c.User.Active || c.User.SessionEpoch != epoch) {
		err = ErrNotFound
	}
	return c, factors, err
}

// ExtendCrowdSession gives a session more time, at most once a minute: apps
// validate at every page.
func (s *Store) ExtendCrowdSession(ctx context.Context, token string, until time.Time) error {
	_, err := s.db.Exec(ctx, "update crowd_sessions set expires_at = @until where token_hash = @token and expires_at < @before",
		named{"token": hashToken(token), "until": until, "before": until.Add(-time.Minute)})
	return err
}

// DeleteCrowdSession ends a session. One that is not there is no error.
func (s *Store) DeleteCrowdSession(ctx context.Context, token string) error {
	_, err := s.db.Exec(ctx, "delete from crowd_sessions where token_hash = @token", named{"token": hashToken(token)})
	return err
}

// DeleteCrowdSessionsOf ends every session of a user except one, which may be
// the empty string.
func (s *Store) DeleteCrowdSessionsOf(ctx context.Context, userID, except string) error {
	_, err := s.db.Exec(ctx, "delete from crowd_sessions where user_id = @user::uuid and token_hash <> @except",
		named{"user": userID, "except": hashToken(except)})
	return err
}
