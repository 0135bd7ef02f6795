package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/spans"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/throttle"
)

// token exchanges codes and refresh tokens. The client proves itself before
// anything else is looked at.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	ctx, end := p.part(r.Context(), spans.HandOver)
	defer end()
	r = r.WithContext(ctx)
	c, err := p.authenticate(r)
	spans.App(ctx, c.app.Slug)
	if err == nil {
		var response *oidc.AccessTokenResponse
		if response, err = p.exchange(r, c); err == nil {
			writeJSON(w, http.StatusOK, response)
			return
		}
	}
	p.refuse(w, r, c, err)
}

// part begins a part of a login.
func (p *Provider) part(ctx context.Context, part string) (context.Context, func()) {
	if p.opts.Part != nil {
		return p.opts.Part(ctx, part)
	}
	ctx, span := spans.Begin(ctx, part)
	return ctx, func() { span.End() }
}

// SecretFailuresPerMinute is how many wrong secrets of a client may have come from
// one network within a minute for the next one to be judged.
const SecretFailuresPerMinute = 60

// tooManyFailures is the error for who has failed too often to be listened to.
const tooManyFailures = "temporarily_unavailable"

// failureKey is what failures of a client to prove itself are counted under:
// who guesses elsewhere cuts off nobody here.
func (p *Provider) failureKey(r *http.Request, c client) string {
	return model.NetworkOf(p.opts.RemoteAddr(r)) + " " + c.app.Slug
}

// refuse answers with the protocol's error. Anything else than that is
// Postern's own fault, and says nothing about it.
func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, c client, err error) {
	var e *oidc.Error
	if !errors.As(err, &e) || e.ErrorType == oidc.ServerError {
		p.log.ErrorContext(r.Context(), "OpenID Connect request failed", "path", r.URL.Path, "app", c.app.Slug, "error", err)
		writeJSON(w, faultStatus(w, err), &oidc.Error{ErrorType: oidc.ServerError})
		return
	}
	if c.app.Slug != "" {
		p.noteRefused(r, c.app.Slug, string(e.ErrorType), e.Description)
	}
	var status int
	switch e.ErrorType {
	case tooManyFailures:
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", "60")
	case oidc.InvalidClient:
		status = http.StatusUnauthorized
		if c.app.Slug != "" {
			p.logFailure(r.Context(), "a wrong client secret was not counted", p.failures.Failed(r.Context(), p.failureKey(r, c)))
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="Postern"`)
		// Who asks is not known: whether the app exists is not told either.
		e = oidc.ErrInvalidClient().WithDescription("The client ID or the client secret is wrong.")
	default:
		status = http.StatusBadRequest
	}
	writeJSON(w, status, e)
}

// faultStatus is the status of a fault of our own. While the database is away an app
// is told when to come back.
func faultStatus(w http.ResponseWriter, err error) int {
	if !store.Unreachable(err) {
		return http.StatusInternalServerError
	}
	w.Header().Set("Retry-After", "30")
	return http.StatusServiceUnavailable
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}

// authenticate finds out which app asks, by client_secret_basic or
// client_secret_post. The client is set as soon as the app is known, so that a
// wrong secret shows on its page.
func (p *Provider) authenticate(r *http.Request) (client, error) {
	if err := r.ParseForm(); err != nil {
		return client{}, oidc.ErrInvalidRequest().WithDescription("The form cannot be read.")
	}
	for name, values := range r.PostForm {
		if len(values) > 1 {
			return client{}, oidc.ErrInvalidRequest().WithDescription("A parameter was sent more than once: %s.", printable(name))
		}
	}
	id, secret, err := credentials(r)
	if err != nil {
		return client{}, err
	}
	app, err := p.client(r.Context(), id)
	if errors.Is(err, store.ErrNotFound) {
		p.noteUnknown(r, id)
		return client{}, oidc.ErrInvalidClient()
	}
	if err != nil {
		return client{}, err
	}
	c := client{app}
	if app.Public {
		return c, nil // it has to show the PKCE verifier instead
	}
	return c, p.prove(r, c, secret)
}

// prove judges the secret that a client sent, unless its network has sent too
// many wrong ones.
func (p *Provider) prove(r *http.Request, c client, secret string) error {
	tooMany, err := p.failures.Exceeded(r.Context(), throttle.Limit{Key: p.failureKey(r, c), Most: SecretFailuresPerMinute})
	if err != nil {
		return err
	}
	if tooMany {
		return (&oidc.Error{ErrorType: tooManyFailures}).WithDescription("Too many wrong secrets were sent from this network. Try again in a minute.")
	}
	if secret == "" {
		return oidc.ErrInvalidClient().WithDescription("The app sent no client secret.")
	}
	known, err := p.knows(r.Context(), c.app.Slug, secret)
	if err == nil && !known {
		err = oidc.ErrInvalidClient().WithDescription("The app sent a client secret that is not one of its own.")
	}
	return err
}

// credentials reads the client's id and secret from the header or the form
// (RFC 6749 §2.3.1), never from the address.
func credentials(r *http.Request) (id, secret string, err error) {
	id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	basicID, basicSecret, ok := r.BasicAuth()
	if !ok {
		if id == "" {
			return "", "", oidc.ErrInvalidClient()
		}
		return id, secret, nil
	}
	basicID, err1 := url.QueryUnescape(basicID)
	basicSecret, err2 := url.QueryUnescape(basicSecret)
	if err1 != nil || err2 != nil {
		return "", "", oidc.ErrInvalidClient()
	}
	if secret != "" || (id != "" && id != basicID) {
		return "", "", oidc.ErrInvalidRequest().WithDescription("The client must prove itself in one way, not two.")
	}
	return basicID, basicSecret, nil
}

func (p *Provider) exchange(r *http.Request, c client) (*oidc.AccessTokenResponse, error) {
	ctx := op.ContextWithIssuer(r.Context(), p.opts.Issuer)
	switch oidc.GrantType(r.PostForm.Get("grant_type")) {
	case oidc.GrantTypeCode:
		return p.exchangeCode(ctx, r.PostForm, c)
	case oidc.GrantTypeRefreshToken:
		return p.exchangeRefresh(ctx, r.PostForm, c)
	case "":
		return nil, oidc.ErrInvalidRequest().WithDescription("The grant_type is missing.")
	default:
		return nil, oidc.ErrUnsupportedGrantType().WithDescription("Only authorization_code and refresh_token are supported.")
	}
}

func (p *Provider) exchangeCode(ctx context.Context, form url.Values, c client) (*oidc.AccessTokenResponse, error) {
	code := form.Get("code")
	if code == "" {
		return nil, oidc.ErrInvalidRequest().WithDescription("The code is missing.")
	}
	found, err := p.store.AuthRequestByCode(ctx, code)
	if errors.Is(err, store.ErrNotFound) || (err == nil && found.App != c.app.Slug) {
		return nil, oidc.ErrInvalidGrant().WithDescription("No such code was given to this app, or it expired long ago.")
	}
	if err != nil {
		return nil, err
	}
	request := &authRequest{AuthRequest: found}
	switch {
	case found.Spent:
		return nil, p.replayed(ctx, found.ID)
	case !p.now().Before(found.CodeUntil):
		return nil, oidc.ErrInvalidGrant().WithDescription("The code has expired. It is valid for a minute.")
	case form.Get("redirect_uri") != found.RedirectURI:
		return nil, oidc.ErrInvalidGrant().WithDescription("The redirect_uri is not the one that the code was asked for with.")
	case c.app.Public && found.CodeChallenge == "": // it had a secret when it asked
		return nil, oidc.ErrInvalidGrant().WithDescription("This client has no secret, and the code was asked for without PKCE.")
	}
	if err := op.AuthorizeCodeChallenge(form.Get("code_verifier"), request.GetCodeChallenge()); err != nil {
		return nil, err
	}
	if request.user, err = p.activeUser(ctx, found.SignedIn); err != nil {
		return nil, err
	}
	response, err := p.issue(ctx, request, c, code, "")
	if err == nil {
		p.noteWorked(ctx, c.app.Slug, request.user.Username)
	}
	return response, err
}

// issue makes the tokens that a code or a refresh token buys.
func (p *Provider) issue(ctx context.Context, request op.IDTokenRequest, c client, code, refresh string) (*oidc.AccessTokenResponse, error) {
	response, err := op.CreateTokenResponse(ctx, request, c, p.op, true, code, refresh)
	if err == nil { // the library's clock has gone on: when the session has ended meanwhile, it makes a huge number of less than nothing
		response.ExpiresIn = min(response.ExpiresIn, uint64(accessLifetime/time.Second))
	}
	return response, err
}

func (p *Provider) exchangeRefresh(ctx context.Context, form url.Values, c client) (*oidc.AccessTokenResponse, error) {
	value := form.Get("refresh_token")
	if value == "" {
		return nil, oidc.ErrInvalidRequest().WithDescription("The refresh_token is missing.")
	}
	found, err := p.store.Token(ctx, model.TokenRefresh, value, p.now())
	if errors.Is(err, store.ErrNotFound) || (err == nil && found.App != c.app.Slug) {
		return nil, oidc.ErrInvalidGrant().WithDescription("The refresh token is unknown, has expired, or its user was deactivated.")
	}
	if err != nil {
		return nil, err
	}
	if found.Spent {
		return nil, p.replayed(ctx, found.GrantID)
	}
	request := &refreshRequest{Token: found, current: found.Scopes}
	var scopes oidc.SpaceDelimitedArray
	if err := scopes.UnmarshalText([]byte(form.Get("scope"))); err == nil && form.Get("scope") != "" {
		if err := op.ValidateRefreshTokenScopes(scopes, request); err != nil {
			return nil, err
		}
	}
	if request.user, err = p.activeUser(ctx, model.SignedIn{UserID: found.UserID, SessionEpoch: found.SessionEpoch, Connection: found.Connection}); err != nil {
		return nil, err
	}
	return p.issue(ctx, request, c, "", value)
}

// activeUser is the user of a grant, unless deactivated or deleted since, or the
// connection that they came through is not live.
func (p *Provider) activeUser(ctx context.Context, who model.SignedIn) (model.User, error) {
	u, err := p.store.UserByID(ctx, who.UserID)
	if errors.Is(err, store.ErrNotFound) || (err == nil && (!u.Active || u.SessionEpoch != who.SessionEpoch)) {
		return u, oidc.ErrInvalidGrant().WithDescription("The user was deactivated or signed out.")
	}
	if err != nil {
		return u, err
	}
	open, err := p.store.IsOpen(ctx, who.Connection)
	if err == nil && !open {
		err = oidc.ErrInvalidGrant().WithDescription("The connection that the user came through is suspended or gone.")
	}
	return u, err
}

// replayed ends what a code or refresh token gave when it comes a second time:
// one of the two who had it should not have (RFC 6749 §4.1.2, RFC 9700 §4.14).
func (p *Provider) replayed(ctx context.Context, grantID string) error {
	if err := p.store.RevokeGrant(ctx, grantID); err != nil {
		return err
	}
	return oidc.ErrInvalidGrant().WithDescription("This was used before. Every token that it gave was revoked.")
}
