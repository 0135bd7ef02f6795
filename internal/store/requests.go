package store

import (
	"context"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// StartLogin writes the trace of an attempt that leaves for AWS and, in the
// same transaction, the request that AWS will answer. handle travels as
// RelayState; only its hash is kept.
func (s *Store) StartLogin(ctx context.Context, l model.Login, r *model.PendingRequest, handle string) error {
	if r == nil {
		_, err := s.SaveLogin(ctx, l)
		return err
	}
	args, err := loginArgs(l)
	if err != nil {
		return err
	}
	var t together
	t.exec(saveLoginSQL, args)
	t.exec(`
		insert into requests (handle_hash, login_id, connection_id, revision_id, revision_version, request_id, browser_hash,
			return_to, test, created_at, expires_at)
		values (@handle, @login, @connection, @revision, @version, @request, @browser, @return, @test, @created, @expires)`,
		named{"handle": hashToken(handle), "login": r.LoginID, "connection": r.ConnectionID, "revision": r.RevisionID,
			"version": r.RevisionVersion, "request": r.RequestID, "browser": r.BrowserHash, "return": clean(r.ReturnTo, 1024),
			"test": r.Test, "created": r.CreatedAt, "expires": r.ExpiresAt})
	return t.send(ctx, s.db)
}

// PendingRequest finds the request of a handle without claiming it;
// ErrNotFound when it was answered or has expired.
func (s *Store) PendingRequest(ctx context.Context, handle string, now time.Time) (model.PendingRequest, error) {
	r, _, err := s.pendingRequest(ctx, "handle_hash = @handle and expires_at > @now", named{"handle": hashToken(handle), "now": now})
	return r, err
}

// PendingRequestOf finds a request of a browser by its own ID instead of its
// handle, for an answer that came without one; ErrNotFound as PendingRequest. key
// is what the request is claimed by.
func (s *Store) PendingRequestOf(ctx context.Context, requestID string, browserHash []byte, now time.Time) (r model.PendingRequest, key RequestKey, err error) {
	return s.pendingRequest(ctx, "browser_hash = @browser and request_id = @request and expires_at > @now",
		named{"browser": browserHash, "request": clean(requestID, maxText), "now": now})
}

// RequestKey is what a request is claimed by: the hash of its handle.
type RequestKey []byte

// KeyOf is the key of a handle; none for an empty one.
func KeyOf(handle string) RequestKey {
	if handle == "" {
		return nil
	}
	return hashToken(handle)
}

func (s *Store) pendingRequest(ctx context.Context, where string, args named) (r model.PendingRequest, key RequestKey, err error) {
	err = s.db.QueryRow(ctx, `
		select login_id, connection_id, revision_id, revision_version, request_id, browser_hash, return_to, test, created_at, expires_at, handle_hash
		from requests where `+where+" limit 1", args).
		Scan(&r.LoginID, &r.ConnectionID, &r.RevisionID, &r.RevisionVersion, &r.RequestID, &r.BrowserHash, &r.ReturnTo, &r.Test, &r.CreatedAt, &r.ExpiresAt, &key)
	return r, key, translate(err)
}

// DropRequest uses a request up after a refusal.
func (s *Store) DropRequest(ctx context.Context, key RequestKey) error {
	_, err := s.claim(ctx, key)
	return err
}

// claim deletes the request; exactly one caller gets true.
func (s *Store) claim(ctx context.Context, key RequestKey) (bool, error) {
	tag, err := s.db.Exec(ctx, "delete from requests where handle_hash = $1", []byte(key))
	return tag.RowsAffected() == 1, err
}

// AssertionSeen tells whether an assertion was used before on a connection of
// that name. An assertion is made for one address, which the name is part of.
func (s *Store) AssertionSeen(ctx context.Context, connection, assertionID string) (bool, error) {
	var seen bool
	err := s.db.QueryRow(ctx, "select exists (select from seen_assertions where connection = @connection and assertion_id = @assertion)",
		named{"connection": connection, "assertion": clean(assertionID, maxText)}).Scan(&seen)
	return seen, err
}

// rememberAndClaim keeps an assertion until it has expired by any clock that a
// connection may tolerate, and deletes the request where it was not there already.
// A second transaction with the same one waits for the first.
const rememberAndClaim = `
	with fresh as (insert into seen_assertions (connection, assertion_id, expires_at) values (@connection, @assertion, @until)
		on conflict do nothing returning assertion_id),
	claimed as (delete from requests where handle_hash = @handle and exists (select from fresh) returning handle_hash)
	select exists (select from fresh), exists (select from claimed)`
