package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const accountSwitchColumns = "browser_hash, connection, user_id::text, session_epoch, auth_at, acr, until, return_to, expires_at, login_id, assertion_id"

func scanAccountSwitch(row pgx.CollectableRow) (a model.AccountSwitch, err error) {
	var at, until *time.Time
	err = row.Scan(&a.BrowserHash, &a.Connection, &a.UserID, &a.SessionEpoch, &at, &a.ACR, &until, &a.ReturnTo, &a.ExpiresAt, &a.LoginID, &a.AssertionID)
	a.AuthAt, a.Until = valueOrZero(at), valueOrZero(until)
	return a, err
}

// SaveAccountSwitch keeps an account switch under a token that only the browser knows.
func (s *Store) SaveAccountSwitch(ctx context.Context, token string, a model.AccountSwitch) error {
	_, err := s.db.Exec(ctx, `
		insert into arrivals (token_hash, browser_hash, connection, user_id, session_epoch, auth_at, acr, until, return_to, expires_at,
			login_id, assertion_id)
		values (@token, @browser, @connection, @user::uuid, @epoch, @auth, @acr, @until, @return, @expires, @login, @assertion)`,
		named{"token": hashToken(token), "browser": a.BrowserHash, "connection": a.Connection, "user": a.UserID, "epoch": a.SessionEpoch,
			"auth": nullTime(a.AuthAt), "acr": clean(a.ACR, 512), "until": nullTime(a.Until), "return": a.ReturnTo, "expires": a.ExpiresAt,
			"login": a.LoginID, "assertion": clean(a.AssertionID, maxText)})
	return translate(err)
}

// AccountSwitch looks at an account switch that is still good; ErrNotFound for any other.
func (s *Store) AccountSwitch(ctx context.Context, token string, now time.Time) (model.AccountSwitch, error) {
	return single(ctx, s.db, scanAccountSwitch, "select "+accountSwitchColumns+" from arrivals where token_hash = @token and expires_at > @now",
		named{"token": hashToken(token), "now": now})
}

// TakeAccountSwitch is AccountSwitch, once: of two that ask at the same time one gets it.
func (s *Store) TakeAccountSwitch(ctx context.Context, token string, now time.Time) (model.AccountSwitch, error) {
	return single(ctx, s.db, scanAccountSwitch, "delete from arrivals where token_hash = @token and expires_at > @now returning "+accountSwitchColumns,
		named{"token": hashToken(token), "now": now})
}
