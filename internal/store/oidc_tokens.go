package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

func scanToken(row pgx.CollectableRow) (t model.Token, err error) {
	var spent *time.Time
	err = row.Scan(&t.Kind, &t.GrantID, &t.App, &t.UserID, &t.SessionEpoch, &t.Scopes, &t.AuthTime,
		&t.Connection, &t.SessionID, &t.SessionUntil, &t.ExpiresAt, &spent)
	t.Spent = spent != nil
	return t, err
}

// Token finds a token by its value; ErrNotFound when there is none, it has
// expired, it is of another kind, its user was deactivated since, or the
// connection that the person came through is not live.
func (s *Store) Token(ctx context.Context, kind model.TokenKind, value string, now time.Time) (model.Token, error) {
	return single(ctx, s.db, scanToken, `
		select t.kind, t.grant_id, t.app, t.user_id::text, t.session_epoch, t.scopes, t.auth_time, c.slug, t.session_id, t.session_until, t.expires_at, t.spent_at
		from oidc_tokens t join users u on u.id = t.user_id and u.active and u.session_epoch = t.session_epoch
		join connections c on c.id = t.connection_id and c.status = 'live'
		where t.hash = @hash and t.kind = @kind and t.expires_at > @now`,
		named{"hash": hashToken(value), "kind": kind, "now": now})
}

// SpendRefreshToken exchanges a refresh token for others. Only one caller
// succeeds: ErrConflict when it was spent.
func (s *Store) SpendRefreshToken(ctx context.Context, value string, now time.Time, tokens ...NewToken) error {
	return s.spend(ctx, "update oidc_tokens set spent_at = @now where hash = @key and kind = 'refresh' and spent_at is null returning 1",
		named{"key": hashToken(value), "now": now}, tokens)
}

// spend runs an update that succeeds once and, in the same statement, keeps the
// tokens that it pays for.
func (s *Store) spend(ctx context.Context, update string, args named, tokens []NewToken) error {
	sql := "with spent as (" + update + `) insert into oidc_tokens (hash, kind, grant_id, app, user_id, session_epoch, scopes,
		auth_time, connection_id, session_id, session_until, expires_at)`
	for i, t := range tokens {
		if i > 0 {
			sql += " union all"
		}
		sql += fmt.Sprintf(` select @hash%[1]d::bytea, @kind%[1]d, @grant%[1]d, @app%[1]d, @user%[1]d::uuid, @epoch%[1]d::integer, @scopes%[1]d::text[],
			@auth_time%[1]d::timestamptz, (select id from connections where slug = @connection%[1]d), @session%[1]d,
			@until%[1]d::timestamptz, @expires%[1]d::timestamptz from spent`, i)
		for name, v := range map[string]any{"hash": hashToken(t.Value), "kind": t.Kind, "grant": t.GrantID, "app": t.App, "user": t.UserID,
			"epoch": t.SessionEpoch, "scopes": orNone(t.Scopes), "auth_time": t.AuthTime,
			"connection": t.Connection, "session": t.SessionID, "until": t.SessionUntil, "expires": t.ExpiresAt} {
			args[fmt.Sprint(name, i)] = v
		}
	}
	tag, err := s.db.Exec(ctx, sql, args)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrConflict
	}
	return translate(err)
}

// RevokeGrant ends every token that comes from one sign-in.
func (s *Store) RevokeGrant(ctx context.Context, grantID string) error {
	return s.revoke(ctx, "grant_id = @grant", named{"grant": grantID})
}

// RevokeSession ends everything that apps were given in one session of a
// person: codes and tokens. A session without an id gave nothing.
func (s *Store) RevokeSession(ctx context.Context, sessionID string) error {
	if sessionID == "" {
		return nil
	}
	return s.revokeGrants(ctx, "session_id = @session", named{"session": sessionID})
}

// revokeGrants ends codes and tokens. The codes go first: an exchange that is
// under way has its request locked, and its tokens are there to be seen after it.
func (s *Store) revokeGrants(ctx context.Context, which string, args named) error {
	if _, err := s.db.Exec(ctx, "delete from oidc_requests where code_hash is not null and "+which, args); err != nil {
		return err
	}
	return s.revoke(ctx, which, args)
}

// revoke ends tokens until there are none: an exchange under way at the same time
// makes a new one that the first look does not see.
func (s *Store) revoke(ctx context.Context, which string, args named) error {
	for {
		tag, err := s.db.Exec(ctx, "delete from oidc_tokens where "+which, args)
		if err != nil || tag.RowsAffected() == 0 {
			return translate(err)
		}
	}
}

// RevokeToken ends one access token, or, for a refresh token, everything that
// comes from the same sign-in. Tokens of another app are left alone.
func (s *Store) RevokeToken(ctx context.Context, app, value string) error {
	var kind model.TokenKind
	var grant string
	args := named{"hash": hashToken(value), "app": app}
	err := s.db.QueryRow(ctx, "select kind, grant_id from oidc_tokens where hash = @hash and app = @app", args).Scan(&kind, &grant)
	switch err = translate(err); {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case kind == model.TokenRefresh:
		return s.RevokeGrant(ctx, grant)
	}
	return s.revoke(ctx, "hash = @hash", args)
}
