package oidc

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// Methods are the addresses that Handler answers, each with its methods. Those
// with OPTIONS are for programs, in browsers too.
func Methods() map[string][]string {
	const get, post, options = http.MethodGet, http.MethodPost, http.MethodOptions
	return map[string][]string{
		AuthorizePath: {get, post},
		DiscoveryPath: {get, options},
		KeysPath:      {get, options},
		TokenPath:     {post, options},
		UserinfoPath:  {get, post, options},
		RevokePath:    {post, options},
	}
}

// ForPrograms tells whether an address of the provider is one that programs ask,
// and people do not look at.
func ForPrograms(path string) bool { return slices.Contains(Methods()[path], http.MethodOptions) }

// MethodNotAllowed answers a program that has asked an address in a way that it
// does not answer, as the provider writes its errors. The caller sets Allow.
func MethodNotAllowed(w http.ResponseWriter, method string, allowed []string) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	httphelper.MarshalJSONWithStatus(w, oidc.ErrInvalidRequest().WithDescription("the method %s is not answered here, but %s", method,
		strings.Join(allowed, ", ")), http.StatusMethodNotAllowed)
}

// Handler answers everything but the callback and the logout, which know the
// person's session and so belong to the web package. None of it uses cookies.
func (p *Provider) Handler() http.Handler {
	mux := http.NewServeMux()
	handlers := map[string]http.HandlerFunc{
		DiscoveryPath: p.discovery, KeysPath: p.publishKeys, AuthorizePath: p.authorize, TokenPath: p.token, UserinfoPath: p.userinfo, RevokePath: p.revoke,
	}
	for path, methods := range Methods() {
		for _, method := range methods {
			switch {
			case method == http.MethodOptions:
				mux.HandleFunc(method+" "+path, open(preflight))
			case ForPrograms(path):
				mux.HandleFunc(method+" "+path, open(handlers[path]))
			default:
				mux.HandleFunc(method+" "+path, handlers[path])
			}
		}
	}
	return mux
}

// preflight tells a browser what scripts of other sites may send.
func preflight(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	w.WriteHeader(http.StatusNoContent)
}

// open lets scripts of other sites call: no cookie is looked at, and clients
// that run in a browser have to get in.
func open(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		h(w, r)
	}
}

// discovery describes the provider. What the library says about parts that are
// not used is put right.
func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) {
	d := op.CreateDiscoveryConfig(p.issued(r).Context(), p.op, p.storage)
	d.IntrospectionEndpoint, d.DeviceAuthorizationEndpoint, d.CheckSessionIframe = "", "", ""
	d.IntrospectionEndpointAuthMethodsSupported, d.IntrospectionEndpointAuthSigningAlgValuesSupported = nil, nil
	d.RevocationEndpointAuthSigningAlgValuesSupported = nil
	d.ResponseTypesSupported = []string{string(oidc.ResponseTypeCode)}
	d.ResponseModesSupported = []string{string(oidc.ResponseModeQuery), string(oidc.ResponseModeFormPost)}
	// In the order of what most clients should take: many take the first one, and
	// without a secret only clients that have none get in.
	d.TokenEndpointAuthMethodsSupported = []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost, oidc.AuthMethodNone}
	d.RevocationEndpointAuthMethodsSupported = d.TokenEndpointAuthMethodsSupported
	d.GrantTypesSupported = []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
	d.ClaimTypesSupported = []string{"normal"}
	httphelper.MarshalJSON(w, struct {
		*oidc.DiscoveryConfiguration
		Iss bool `json:"authorization_response_iss_parameter_supported"` // RFC 9207, which the library does not know
	}{d, true})
}

func (p *Provider) publishKeys(w http.ResponseWriter, r *http.Request) {
	if _, err := p.keys.all(r.Context()); err != nil {
		p.refuse(w, r, client{}, err)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	op.Keys(w, r, p.storage)
}

// userinfo tells who a token is about, as things are now.
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	value := bearerToken(r)
	if value == "" {
		w.Header().Set("WWW-Authenticate", `Bearer realm="Postern"`)
		writeJSON(w, http.StatusUnauthorized, oidc.ErrInvalidRequest().WithDescription("The access token is missing."))
		return
	}
	t, err := p.store.Token(r.Context(), model.TokenAccess, value, p.now())
	if errors.Is(err, store.ErrNotFound) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="Postern", error="invalid_token"`)
		writeJSON(w, http.StatusUnauthorized, (&oidc.Error{ErrorType: "invalid_token"}).
			WithDescription("The access token is unknown, has expired, or its user was deactivated."))
		return
	}
	info := new(oidc.UserInfo)
	if err == nil {
		var u model.User
		if u, err = p.store.UserByID(r.Context(), t.UserID); err == nil {
			err = p.fill(r.Context(), info, t.App, u)
		}
	}
	if err != nil {
		p.refuse(w, r, client{}, err)
		return
	}
	writeJSON(w, http.StatusOK, info)
}

// bearerToken is the access token in the header or the form (RFC 6750 §2.1 and
// 2.2), never from the address, which logs and browsers keep.
func bearerToken(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, oidc.BearerToken) {
		return token
	}
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		return ""
	}
	return r.PostForm.Get("access_token")
}

// revoke ends a token of the client that asks. A token that is none of its own
// gets the same answer (RFC 7009 §2.2).
func (p *Provider) revoke(w http.ResponseWriter, r *http.Request) {
	c, err := p.authenticate(r)
	if err == nil && r.PostForm.Get("token") == "" {
		err = oidc.ErrInvalidRequest().WithDescription("The token is missing.")
	}
	if err == nil {
		err = p.store.RevokeToken(r.Context(), c.app.Slug, r.PostForm.Get("token"))
	}
	if err != nil {
		p.refuse(w, r, c, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}
