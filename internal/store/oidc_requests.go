package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const authRequestColumns = `r.id, r.app, r.redirect_uri, r.state, r.nonce, r.scopes, r.code_challenge, r.prompt, r.max_age,
	r.hint, r.created_at, r.expires_at, coalesce(r.user_id::text, ''), r.session_epoch, r.auth_time, r.acr,
	coalesce(c.slug, ''), r.session_id, r.session_until, r.code_expires_at, r.spent_at, r.form_post`

const authRequestTables = " from oidc_requests r left join connections c on c.id = r.connection_id "

func scanAuthRequest(row pgx.CollectableRow) (r model.AuthRequest, err error) {
	var maxAge *int64
	var authTime, until, codeUntil, spent *time.Time
	err = row.Scan(&r.ID, &r.App, &r.RedirectURI, &r.State, &r.Nonce, &r.Scopes, &r.CodeChallenge, &r.Prompt, &maxAge,
		&r.Hint, &r.CreatedAt, &r.ExpiresAt, &r.SignedIn.UserID, &r.SignedIn.SessionEpoch, &authTime, &r.SignedIn.ACR,
		&r.SignedIn.Connection, &r.SignedIn.SessionID, &until, &codeUntil, &spent, &r.FormPost)
	if maxAge != nil {
		d := time.Duration(*maxAge) * time.Second
		r.MaxAge = &d
	}
	r.SignedIn.Until = valueOrZero(until)
	r.SignedIn.AuthTime, r.CodeUntil, r.Spent = valueOrZero(authTime), valueOrZero(codeUntil), spent != nil
	return r, err
}

// CreateAuthRequest keeps what an app asked for while the person signs in.
func (s *Store) CreateAuthRequest(ctx context.Context, r model.AuthRequest) error {
	var maxAge *int64
	if r.MaxAge != nil {
		seconds := int64(*r.MaxAge / time.Second)
		maxAge = &seconds
	}
	_, err := s.db.Exec(ctx, `
		insert into oidc_requests (id, app, redirect_uri, state, nonce, scopes, code_challenge, prompt, max_age, hint, created_at, expires_at, form_post)
		values (@id, @app, @uri, @state, @nonce, @scopes, @challenge, @prompt, @max_age, @hint, @created, @expires, @form)`,
		named{"id": r.ID, "app": r.App, "uri": r.RedirectURI, "state": r.State, "nonce": r.Nonce, "scopes": orNone(r.Scopes),
			"challenge": r.CodeChallenge, "prompt": r.Prompt, "max_age": maxAge, "hint": r.Hint, "created": r.CreatedAt, "expires": r.ExpiresAt,
			"form": r.FormPost})
	return translate(err)
}

// PendingAuthRequest finds a request that nobody has signed in for yet;
// ErrNotFound when somebody has, or when it has expired.
func (s *Store) PendingAuthRequest(ctx context.Context, id string, now time.Time) (model.AuthRequest, error) {
	return single(ctx, s.db, scanAuthRequest, "select "+authRequestColumns+authRequestTables+`
		where r.id = @id and code_hash is null and expires_at > @now`, named{"id": id, "now": now})
}

// GrantCode answers a pending request with a code, of which only the hash is
// kept. A request is answered once: ErrNotFound when it was, or has expired. It
// stays for as long as the session, so that the code is recognized when it comes
// a second time.
func (s *Store) GrantCode(ctx context.Context, id, code string, who model.SignedIn, now, until time.Time) error {
	tag, err := s.db.Exec(ctx, `
		update oidc_requests set user_id = @user::uuid, session_epoch = @epoch, auth_time = @auth_time, acr = @acr,
			connection_id = (select id from connections where slug = @connection), session_id = @session,
			session_until = @session_until, code_hash = @code, code_expires_at = @until,
			expires_at = greatest(expires_at, @session_until, @until)
		where id = @id and code_hash is null and expires_at > @now`,
		named{"id": id, "user": who.UserID, "epoch": who.SessionEpoch, "auth_time": who.AuthTime, "acr": clean(who.ACR, maxText),
			"connection": who.Connection, "session": who.SessionID, "session_until": who.Until,
			"code": hashToken(code), "now": now, "until": until})
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	return translate(err)
}

// AnsweredAuthRequest finds a request that was answered for a session; ErrNotFound
// when it was not, or when the session is over.
func (s *Store) AnsweredAuthRequest(ctx context.Context, id, session string) (model.AuthRequest, error) {
	return single(ctx, s.db, scanAuthRequest, "select "+authRequestColumns+authRequestTables+
		"where r.id = @id and r.session_id = @session and r.session_id <> '' and r.code_hash is not null", named{"id": id, "session": session})
}

// DropAuthRequest takes a pending request back: it was answered with an error.
func (s *Store) DropAuthRequest(ctx context.Context, id string) error {
	_, err := s.db.Exec(ctx, "delete from oidc_requests where id = @id and code_hash is null", named{"id": id})
	return err
}

// AuthRequestByCode finds the request that a code answered, spent or not.
func (s *Store) AuthRequestByCode(ctx context.Context, code string) (model.AuthRequest, error) {
	return single(ctx, s.db, scanAuthRequest, "select "+authRequestColumns+authRequestTables+"where code_hash = @code",
		named{"code": hashToken(code)})
}

// NewToken is a token and its value, which is not kept.
type NewToken struct {
	model.Token
	Value string
}

// SpendCode exchanges the code of a request for tokens. Only one caller
// succeeds: ErrConflict when the code was spent.
func (s *Store) SpendCode(ctx context.Context, id string, now time.Time, tokens ...NewToken) error {
	return s.spend(ctx, "update oidc_requests set spent_at = @now where id = @key and spent_at is null returning 1",
		named{"key": id, "now": now}, tokens)
}
