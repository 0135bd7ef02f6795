package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const (
	appCallback = "https://jira.example.com/plugins/servlet/oidc/callback"
	appBye      = "https://jira.example.com/bye"
	formType    = "application/x-www-form-urlencoded"
	acr         = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
)

// site is a provider with the app "jira", coreos/go-oidc as that app, and one
// browser. In place of the web package it signs people in at a word.
type site struct {
	*provider.Provider
	t        testing.TB
	store    *store.Store
	url      string
	options  provider.Options
	now      time.Time
	life     time.Duration // of the next session
	present  provider.Visit
	handler  http.Handler
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	op       *oidc.Provider
}

// newSite has signing keys, which take long to make, from before the test.
func newSite(t testing.TB, st *store.Store) *site {
	t.Helper()
	s := newSiteWithoutKeys(t, st)
	s.seedKeys()
	s.op = s.discover()
	s.verifier = s.op.Verifier(&oidc.Config{ClientID: "jira"})
	s.oauth = oauth2.Config{ClientID: "jira", ClientSecret: s.newSecret("jira"), Endpoint: s.op.Endpoint(),
		RedirectURL: appCallback, Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"}}
	return s
}

func newSiteWithoutKeys(t testing.TB, st *store.Store) *site {
	t.Helper()
	ctx := context.Background()
	s := &site{t: t, store: st, now: time.Now().Truncate(time.Microsecond), life: 8 * time.Hour}
	sealer, err := seal.LoadOrCreate(t.TempDir() + "/secret.key")
	s.must(err)
	srv := httptest.NewUnstartedServer(nil)
	s.url = "http://" + srv.Listener.Addr().String()
	s.options = provider.Options{
		Store: st, Sealer: sealer, Logger: slog.New(slog.DiscardHandler), Issuer: s.url, Now: func() time.Time { return s.now },
		TrialPath:   func(app string) string { return "/tested/" + app },
		RemoteAddr:  func(r *http.Request) string { host, _, _ := net.SplitHostPort(r.RemoteAddr); return host },
		ShowProblem: showProblem, ShowForm: showForm,
	}
	s.Provider, err = provider.New(s.options)
	s.must(err)
	mux := http.NewServeMux()
	mux.Handle("/", s.Handler())
	mux.HandleFunc(provider.CallbackPath, s.callback)
	mux.HandleFunc(provider.LogoutPath, s.logout)
	s.handler, srv.Config.Handler = mux, mux
	srv.Start()
	t.Cleanup(srv.Close)

	storetest.LiveConnection(t, st, "aws", nil)
	for _, group := range []string{"jira-users", "hidden"} {
		storetest.Group(t, st, group)
	}
	for _, name := range []string{"user0", "user1"} {
		storetest.User(t, st, name)
	}
	s.must(st.CreateApp(ctx, storetest.Actor, model.App{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", RedirectURIs: []string{appCallback},
		PostLogoutURIs: []string{appBye}, Groups: []string{"jira-users"}}))
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) discover() *oidc.Provider {
	s.t.Helper()
	op, err := oidc.NewProvider(context.Background(), s.url)
	s.must(err)
	return op
}

// keys are the signing keys of all tests.
var keys = sync.OnceValues(func() (all [][]byte, err error) {
	for range 2 {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, err
		}
		all = append(all, der)
	}
	return all, nil
})

func (s *site) seedKeys() {
	s.t.Helper()
	ders, err := keys()
	s.must(err)
	next := 0
	seal := func() (model.SigningKey, error) {
		k := model.SigningKey{ID: fmt.Sprint("key", next)}
		k.Sealed, err = s.options.Sealer.Seal(ders[next], model.SealedSigningKey(k.ID))
		next++
		return k, err
	}
	_, err = s.store.RotateSigningKeys(context.Background(), store.KeyRotation{Now: s.now, Period: 90 * 24 * time.Hour, Generate: seal})
	s.must(err)
}

func showProblem(w http.ResponseWriter, _ *http.Request, p provider.Problem) {
	status := http.StatusBadRequest
	if p.Kind == provider.ProblemInternal {
		status = http.StatusInternalServerError
	}
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "problem %d %s %s", p.Kind, p.App, p.RedirectURI)
}

// showForm shows what the browser is to post, and where.
func showForm(w http.ResponseWriter, _ *http.Request, app string, d provider.Delivery) {
	_, _ = fmt.Fprintf(w, "form for %s at %s: %s", app, d.To, d.Form.Encode())
}

// signInPath is where the callback sends somebody who has to sign in.
const signInPath = "/sign-in"

// callback does what the web package does with a decision.
func (s *site) callback(w http.ResponseWriter, r *http.Request) {
	d, err := s.Decide(r.Context(), s.visit(r.URL.Query()))
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case d.Outcome == provider.ToApp:
		http.Redirect(w, r, d.Answer.To, http.StatusSeeOther)
	case d.Outcome == provider.ToSignIn:
		query := url.Values{"connection": {d.App.Connection}, "return": {d.Callback}}
		http.Redirect(w, r, signInPath+"?"+query.Encode(), http.StatusSeeOther)
	case d.Outcome == provider.OtherPerson:
		http.Error(w, "other person", http.StatusForbidden)
	default:
		http.Error(w, fmt.Sprint("outcome ", int(d.Outcome), " ", d.RedirectURI, " ", d.Callback), http.StatusBadRequest)
	}
}

func (s *site) logout(w http.ResponseWriter, r *http.Request) {
	l, err := s.ParseLogout(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = fmt.Fprintf(w, "%+v", l)
}

// visit is the browser at the callback: who is signed in there, as long as they may.
func (s *site) visit(query url.Values) provider.Visit {
	v := s.present
	if v.SignedIn.UserID != "" {
		u, err := s.store.UserByID(context.Background(), v.SignedIn.UserID)
		if err != nil || !u.Active || u.SessionEpoch != v.SignedIn.SessionEpoch || !s.now.Before(v.SignedIn.Until) {
			v = provider.Visit{}
		}
	}
	v.Query, v.RemoteAddr = query, "127.0.0.1"
	return v
}

// signInAs signs the browser in, through AWS.
func (s *site) signInAs(username string) model.User {
	s.t.Helper()
	u, err := s.store.User(context.Background(), username)
	s.must(err)
	s.present = provider.Visit{Username: u.Username, SignedInAt: s.now, SignedIn: model.SignedIn{UserID: u.ID, SessionEpoch: u.SessionEpoch,
		AuthTime: s.now, ACR: acr, Connection: "aws", SessionID: rand.Text(), Until: s.now.Add(s.life)}}
	return u
}

// newBrowser goes on in a browser in which nobody is signed in.
func (s *site) newBrowser() { s.present = provider.Visit{} }

// page is an answer, read.
type page struct {
	status int
	header http.Header
	body   string
}

func (p *page) location() string { return p.header.Get("Location") }

func (s *site) get(path string) *page { return s.do(http.MethodGet, path, "") }

func (s *site) post(path string, form url.Values) *page {
	return s.do(http.MethodPost, path, form.Encode())
}

func (s *site) do(method, path, body string) *page {
	s.t.Helper()
	r := httptest.NewRequestWithContext(context.Background(), method, strings.TrimPrefix(path, s.url), strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", formType)
	}
	return s.send(r)
}

// send answers a request of any form.
func (s *site) send(r *http.Request) *page {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	res := w.Result()
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	s.must(err)
	return &page{status: res.StatusCode, header: res.Header, body: string(data)}
}

// follow goes where the provider sends the browser, through a sign-in as
// username, and returns the first answer that leads elsewhere or nowhere.
func (s *site) follow(to, username string) *page {
	s.t.Helper()
	for range 5 {
		res := s.get(to)
		next, err := url.Parse(res.location())
		s.must(err)
		switch {
		case next.Path == signInPath:
			if username == "" {
				s.t.Fatal("the person was sent to sign in")
			}
			s.signInAs(username)
			to = next.Query().Get("return")
		case next.Host == "" && next.Path != "":
			to = next.String()
		default:
			return res
		}
	}
	s.t.Fatal("the way to the app has no end")
	return nil
}

// answer is what the app gets at its redirect address.
func (s *site) answer(authURL, username string) url.Values {
	s.t.Helper()
	res := s.follow(authURL, username)
	if !strings.HasPrefix(res.location(), appCallback+"?") {
		s.t.Fatalf("answered %d to %q: %s", res.status, res.location(), res.body)
	}
	u, err := url.Parse(res.location())
	s.must(err)
	return u.Query()
}

// code is one for the app, without PKCE.
func (s *site) code() string {
	s.t.Helper()
	return s.answer(s.oauth.AuthCodeURL("state"), "user0").Get("code")
}

// claims are those of an ID token that the Atlassian apps look at.
type claims struct {
	Subject   string    `json:"sub"`
	Username  string    `json:"preferred_username"`
	Name      string    `json:"name"`
	FirstName string    `json:"given_name"`
	Email     string    `json:"email"`
	Verified  bool      `json:"email_verified"`
	Groups    *[]string `json:"groups"`
	AuthTime  int64     `json:"auth_time"`
	ACR       string    `json:"acr"`
	Nonce     string    `json:"nonce"`
}

// exchange redeems a code and verifies the ID token.
func (s *site) exchange(code string, opts ...oauth2.AuthCodeOption) (*oauth2.Token, claims) {
	s.t.Helper()
	token, err := s.oauth.Exchange(context.Background(), code, opts...)
	s.must(err)
	raw, _ := token.Extra("id_token").(string)
	id, err := s.verifier.Verify(context.Background(), raw)
	s.must(err)
	if err := id.VerifyAccessToken(token.AccessToken); err != nil {
		s.t.Error(err)
	}
	var c claims
	s.must(id.Claims(&c))
	return token, c
}

// signIn is a whole sign-in of the app.
func (s *site) signIn(username string) (*oauth2.Token, claims) {
	s.t.Helper()
	return s.exchange(s.answer(s.oauth.AuthCodeURL("state"), username).Get("code"))
}

// refresh is what an app does when its access token is old.
func (s *site) refresh(token *oauth2.Token) (*oauth2.Token, error) {
	return s.oauth.TokenSource(context.Background(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
}

func (s *site) userinfo(token *oauth2.Token) error {
	_, err := s.op.UserInfo(context.Background(), oauth2.StaticTokenSource(token))
	return err
}

// wantEnded holds for tokens that are good no more.
func (s *site) wantEnded(what string, token *oauth2.Token) {
	s.t.Helper()
	if s.userinfo(token) == nil {
		s.t.Errorf("%s: userinfo answers", what)
	}
	if _, err := s.refresh(token); s.refused(err) != "invalid_grant" {
		s.t.Errorf("%s: the refresh token: %v", what, err)
	}
}

// refused is the protocol's error for an exchange.
func (s *site) refused(err error) string {
	s.t.Helper()
	refused, ok := err.(*oauth2.RetrieveError) //nolint:errorlint // the client returns it as it is
	if !ok {
		s.t.Fatalf("not refused: %v", err)
	}
	return refused.ErrorCode
}

func (s *site) newSecret(app string) string {
	s.t.Helper()
	secret := seal.NewSecret()
	s.must(s.store.AddAppSecret(context.Background(), storetest.Actor, app, secret.Hash, secret.Hint))
	return secret.Value
}

// change changes the app "jira" while sign-ins are under way.
func (s *site) change(f func(*model.App)) {
	s.t.Helper()
	app, err := s.store.App(context.Background(), "jira")
	s.must(err)
	f(&app)
	s.must(s.store.SaveApp(context.Background(), storetest.Actor, app))
}

// otherApp goes on as another app, at the same address.
func (s *site) otherApp() {
	s.t.Helper()
	app := model.App{Slug: "wiki", Kind: model.AppOIDC, Name: "Wiki", RedirectURIs: []string{appCallback}, AllGroups: true}
	s.must(s.store.CreateApp(context.Background(), storetest.Actor, app))
	s.oauth.ClientID, s.oauth.ClientSecret = "wiki", s.newSecret("wiki")
	s.verifier = s.op.Verifier(&oidc.Config{ClientID: "wiki"})
}

// noted is what is kept of the app's last sign-ins.
func (s *site) noted() model.AppSignIns {
	s.t.Helper()
	last, err := s.store.AppSignInsOf(context.Background(), "jira")
	s.must(err)
	return last
}
