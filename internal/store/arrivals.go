package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const arrivalColumns = "browser_hash, connection, user_id::text, session_epoch, auth_at, acr, until, return_to, expires_at"

func scanArrival(row pgx.CollectableRow) (a model.Arrival, err error) {
	var at, until *time.Time
	err = row.Scan(&a.BrowserHash, &a.Connection, &a.UserID, &a.SessionEpoch, &at, &a.ACR, &until, &a.ReturnTo, &a.ExpiresAt)
	a.AuthAt, a.Until = valueOrZero(at), valueOrZero(until)
	return a, err
}

// SaveArrival keeps an arrival under a token that only the browser knows.
func (s *Store) SaveArrival(ctx context.Context, token string, a model.Arrival) error {
	_, err := s.db.Exec(ctx, `insert into arrivals (token_hash, browser_hash, connection, user_id, session_epoch, auth_at, acr, until, return_to, expires_at)
		values (@token, @browser, @connection, @user::uuid, @epoch, @auth, @acr, @until, @return, @expires)`,
		named{"token": hashToken(token), "browser": a.BrowserHash, "connection": a.Connection, "user": a.UserID, "epoch": a.SessionEpoch,
			"auth": nullTime(a.AuthAt), "acr": clean(a.ACR, 512), "until": nullTime(a.Until), "return": a.ReturnTo, "expires": a.ExpiresAt})
	return translate(err)
}

// Arrival looks at an arrival that is still good; ErrNotFound for any other.
func (s *Store) Arrival(ctx context.Context, token string, now time.Time) (model.Arrival, error) {
	return single(ctx, s.db, scanArrival, "select "+arrivalColumns+" from arrivals where token_hash = @token and expires_at > @now",
		named{"token": hashToken(token), "now": now})
}

// TakeArrival is Arrival, once: of two that ask at the same time one gets it.
func (s *Store) TakeArrival(ctx context.Context, token string, now time.Time) (model.Arrival, error) {
	return single(ctx, s.db, scanArrival, "delete from arrivals where token_hash = @token and expires_at > @now returning "+arrivalColumns,
		named{"token": hashToken(token), "now": now})
}
