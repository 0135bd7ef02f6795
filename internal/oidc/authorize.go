package oidc

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// maxEchoed limits, in bytes, what is kept to be given back to the app. Apps
// send 10 to 50, some several hundred.
const maxEchoed = 2048

// authorize keeps what an app asks for and goes on to the callback, which knows
// the person. Whatever is wrong before the redirect address is known to be the
// app's own is shown here; everything after that goes back to the app.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	asked, err := op.ParseAuthorizeRequest(r, p.op.Decoder())
	if err != nil {
		p.unreadable(w, r)
		return
	}
	if asked.ClientID == "" {
		p.opts.ShowProblem(w, r, Problem{Kind: ProblemMalformed})
		return
	}
	app, err := p.client(r.Context(), asked.ClientID)
	if errors.Is(err, store.ErrNotFound) {
		p.noteUnknown(r, asked.ClientID)
		p.opts.ShowProblem(w, r, Problem{Kind: ProblemUnknownApp})
		return
	}
	if err != nil {
		p.internal(w, r, err)
		return
	}
	if !slices.Contains(app.RedirectURIs, asked.RedirectURI) {
		p.noteRefused(r, app.Slug, "invalid_request", "The app asked to be answered at an address that is not registered: "+shorten(asked.RedirectURI)+".")
		p.opts.ShowProblem(w, r, Problem{Kind: ProblemRedirectURI, App: app.Name, RedirectURI: shorten(asked.RedirectURI)})
		return
	}
	req, refused := p.judge(r, client{app}, asked)
	if refused != nil {
		p.noteRefused(r, app.Slug, string(refused.ErrorType), refused.Description)
		p.backToApp(w, r, app.Name, asked.RedirectURI, wantsForm(asked.ResponseMode, asked.RedirectURI), refusal(refused, asked.State))
		return
	}
	if err := p.store.CreateAuthRequest(r.Context(), req); err != nil {
		p.internal(w, r, err)
		return
	}
	http.Redirect(w, r, callbackURL(req.ID), http.StatusSeeOther)
}

// unreadable answers a request with a parameter that cannot be read: at the app
// where it is clear which one asks, and where it wants the answer.
func (p *Provider) unreadable(w http.ResponseWriter, r *http.Request) {
	uri := r.Form.Get("redirect_uri")
	app, err := p.client(r.Context(), r.Form.Get("client_id"))
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		p.internal(w, r, err)
	case err != nil || !slices.Contains(app.RedirectURIs, uri):
		p.opts.ShowProblem(w, r, Problem{Kind: ProblemMalformed})
	default:
		refused := oidc.ErrInvalidRequest().WithDescription("A parameter cannot be read. One that goes wrong is max_age: it must be a number of seconds.")
		p.noteRefused(r, app.Slug, string(refused.ErrorType), refused.Description)
		p.backToApp(w, r, app.Name, uri, wantsForm(oidc.ResponseMode(r.Form.Get("response_mode")), uri), refusal(refused, r.Form.Get("state")))
	}
}

func shorten(v string) string {
	if len(v) > 200 {
		v = strings.ToValidUTF8(v[:200], "") + "…"
	}
	return v
}

// judge checks what an app asks for. The descriptions reach the app, and the
// people who set it up.
func (p *Provider) judge(r *http.Request, c client, asked *oidc.AuthRequest) (model.AuthRequest, *oidc.Error) {
	req := model.AuthRequest{
		ID: randomValue()[:26], App: c.app.Slug, RedirectURI: asked.RedirectURI, State: asked.State, Nonce: asked.Nonce,
		CodeChallenge: asked.CodeChallenge, CreatedAt: p.now(), ExpiresAt: p.now().Add(requestLifetime),
	}
	for name, values := range r.Form {
		if len(values) > 1 {
			return req, oidc.ErrInvalidRequest().WithDescription("A parameter was sent more than once: %s.", printable(name))
		}
	}
	if asked.RequestParam != "" {
		return req, oidc.ErrRequestNotSupported().WithDescription("Request objects are not supported.")
	}
	if r.Form.Get("request_uri") != "" {
		return req, (&oidc.Error{ErrorType: "request_uri_not_supported"}).WithDescription("Requests by reference are not supported.")
	}
	if asked.ResponseType == "" {
		return req, oidc.ErrInvalidRequest().WithDescription("The response_type is missing.")
	}
	if err := op.ValidateAuthReqResponseType(c, asked.ResponseType); err != nil {
		return req, (&oidc.Error{ErrorType: "unsupported_response_type"}).WithDescription("Only the response type code is supported.")
	}
	req.FormPost = wantsForm(asked.ResponseMode, asked.RedirectURI)
	if asked.ResponseMode != "" && asked.ResponseMode != oidc.ResponseModeQuery && !req.FormPost {
		return req, oidc.ErrInvalidRequest().WithDescription("Only the response modes query and, for web addresses, form_post are supported.")
	}
	for _, v := range []string{asked.State, asked.Nonce} {
		if len(v) > maxEchoed || !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return req, oidc.ErrInvalidRequest().WithDescription("state and nonce must be text of at most %d bytes.", maxEchoed)
		}
	}
	if refused := judgeChallenge(c, asked); refused != nil {
		return req, refused
	}
	if !hasScope(asked.Scopes, oidc.ScopeOpenID) {
		return req, oidc.ErrInvalidScope().WithDescription("The scope openid is missing.")
	}
	for _, scope := range asked.Scopes {
		if hasScope(supportedScopes, scope) && !hasScope(req.Scopes, scope) {
			req.Scopes = append(req.Scopes, scope)
		}
	}
	return p.judgePrompt(r, req, asked)
}

// judgeChallenge is about PKCE (RFC 7636). Clients without a secret must use
// it; older versions of the Atlassian apps do not, and have a secret.
func judgeChallenge(c client, asked *oidc.AuthRequest) *oidc.Error {
	switch {
	case asked.CodeChallenge == "" && c.app.Public:
		return oidc.ErrInvalidRequest().WithDescription("This client has no secret, so it must send a code_challenge (PKCE).")
	case asked.CodeChallenge == "":
		return nil
	case asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256:
		return oidc.ErrInvalidRequest().WithDescription("The code_challenge_method must be S256.")
	case len(asked.CodeChallenge) != 43: // base64url of a SHA-256
		return oidc.ErrInvalidRequest().WithDescription("The code_challenge is not the base64url form of a SHA-256.")
	}
	return nil
}

// judgePrompt is about who may be signed in without being asked.
func (p *Provider) judgePrompt(r *http.Request, req model.AuthRequest, asked *oidc.AuthRequest) (model.AuthRequest, *oidc.Error) {
	for _, prompt := range asked.Prompt {
		switch prompt {
		case oidc.PromptNone:
			if len(asked.Prompt) > 1 {
				return req, oidc.ErrInvalidRequest().WithDescription("prompt=none goes with no other prompt.")
			}
			req.Prompt = oidc.PromptNone
		case oidc.PromptLogin, oidc.PromptSelectAccount:
			req.Prompt = oidc.PromptLogin
		}
	}
	if asked.MaxAge != nil {
		// A year and more than that are the same, and seconds must not overflow.
		age := time.Duration(min(*asked.MaxAge, 366*24*3600)) * time.Second
		req.MaxAge = &age
	}
	if asked.IDTokenHint != "" {
		ctx := op.ContextWithIssuer(r.Context(), p.opts.Issuer)
		sub, err := op.ValidateAuthReqIDTokenHint(ctx, asked.IDTokenHint, p.op.IDTokenHintVerifier(ctx))
		if err != nil || sub == "" {
			return req, oidc.ErrInvalidRequest().WithDescription("The id_token_hint was not issued here.")
		}
		req.Hint = sub
	}
	return req, nil
}

// printable is a parameter's name fit for an error_description (RFC 6749 §4.1.2.1).
func printable(name string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return '?'
		}
		return c
	}, shorten(name))
}

// internal answers what only Postern's operator can do something about.
func (p *Provider) internal(w http.ResponseWriter, r *http.Request, err error) {
	p.log.ErrorContext(r.Context(), "OpenID Connect request failed", "path", r.URL.Path, "error", err)
	p.opts.ShowProblem(w, r, Problem{Kind: ProblemInternal})
}
