// Package sampleapp is a small app that gets its people and groups from Postern
// through both integrations: it signs people in with OpenID Connect, and copies
// the Crowd directory. It is for trying Postern without Jira, and knows nothing
// of Postern but what any app would.
package sampleapp

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

//go:embed page.html style.css
var files embed.FS

// Options say where Postern is and how the app proves who it is.
type Options struct {
	Issuer          func() string // Postern's address, which may change
	BaseURL         string        // of this app
	ClientID        string
	ClientSecret    string
	Directory       string // application name in the Crowd directory
	DirectorySecret string
}

// App is the sample app.
type App struct {
	opts   Options
	page   *template.Template
	mirror mirror

	mu       sync.Mutex
	sessions map[string]session // by cookie
}

type session struct {
	State    string // of a sign-in under way
	Verifier string
	Claims   map[string]any
	Expires  time.Time
}

const (
	cookieName  = "sample-app"
	sessionLife = time.Hour
)

// New makes the app.
func New(o Options) (*App, error) {
	page, err := template.ParseFS(files, "page.html")
	if err != nil {
		return nil, fmt.Errorf("sample app: %w", err)
	}
	return &App{opts: o, page: page, sessions: map[string]session{}}, nil
}

// Handler serves the app.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.show)
	mux.HandleFunc("GET /login", a.login)
	mux.HandleFunc("GET /callback", a.callback)
	mux.HandleFunc("POST /logout", a.logout)
	mux.Handle("GET /style.css", http.FileServerFS(files))
	return mux
}

// view is what the page shows.
type view struct {
	Claims    []claim
	Name      string
	Groups    []string
	Problem   string
	Directory directory
	Postern   string
}

type claim struct{ Name, Value string }

func (a *App) show(w http.ResponseWriter, r *http.Request) {
	v := view{Postern: a.opts.Issuer()}
	if s, ok := a.session(r); ok && s.Claims != nil {
		v.Name, _ = s.Claims["preferred_username"].(string)
		v.Groups = texts(s.Claims["groups"])
		v.Claims = claims(s.Claims)
	}
	v.Directory = a.readDirectory(r.Context())
	a.render(w, http.StatusOK, v)
}

func (a *App) render(w http.ResponseWriter, status int, v view) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := a.page.Execute(w, v); err != nil {
		return // the browser is gone
	}
}

func (a *App) config(ctx context.Context) (*oauth2.Config, *oidc.Provider, error) {
	provider, err := oidc.NewProvider(ctx, a.opts.Issuer())
	if err != nil {
		return nil, nil, fmt.Errorf("ask Postern how to sign in: %w", err)
	}
	return &oauth2.Config{
		ClientID: a.opts.ClientID, ClientSecret: a.opts.ClientSecret, RedirectURL: a.opts.BaseURL + "/callback",
		Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"},
	}, provider, nil
}

func (a *App) login(w http.ResponseWriter, r *http.Request) {
	config, _, err := a.config(r.Context())
	if err != nil {
		a.render(w, http.StatusBadGateway, view{Problem: err.Error(), Postern: a.opts.Issuer()})
		return
	}
	s := session{State: rand.Text(), Verifier: oauth2.GenerateVerifier(), Expires: time.Now().Add(sessionLife)}
	a.keep(w, s)
	http.Redirect(w, r, config.AuthCodeURL(s.State, oauth2.S256ChallengeOption(s.Verifier), oidc.Nonce(s.State)), http.StatusSeeOther)
}

func (a *App) callback(w http.ResponseWriter, r *http.Request) {
	s, ok := a.session(r)
	if refused := r.URL.Query().Get("error"); refused != "" {
		a.render(w, http.StatusForbidden, view{Problem: "Postern refused the sign-in: " + refused, Postern: a.opts.Issuer()})
		return
	}
	if !ok || s.State == "" || s.State != r.URL.Query().Get("state") {
		a.render(w, http.StatusBadRequest, view{Problem: "This is not the end of a sign-in that began here.", Postern: a.opts.Issuer()})
		return
	}
	found, err := a.redeem(r.Context(), r.URL.Query().Get("code"), s)
	if err != nil {
		a.render(w, http.StatusBadGateway, view{Problem: err.Error(), Postern: a.opts.Issuer()})
		return
	}
	a.keep(w, session{Claims: found, Expires: time.Now().Add(sessionLife)})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *App) redeem(ctx context.Context, code string, s session) (map[string]any, error) {
	config, provider, err := a.config(ctx)
	if err != nil {
		return nil, err
	}
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(s.Verifier))
	if err != nil {
		return nil, fmt.Errorf("exchange the code: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: a.opts.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("verify the ID token: %w", err)
	}
	if id.Nonce != s.State {
		return nil, fmt.Errorf("the ID token is for another sign-in")
	}
	found := map[string]any{}
	return found, id.Claims(&found)
}

func (a *App) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		a.mu.Lock()
		delete(a.sessions, c.Value)
		a.mu.Unlock()
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *App) session(r *http.Request) (session, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return session{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[c.Value]
	return s, ok && time.Now().Before(s.Expires)
}

// keep starts a session with a new name, so that nobody can set one in advance.
func (a *App) keep(w http.ResponseWriter, s session) {
	id := rand.Text()
	a.mu.Lock()
	for name, old := range a.sessions {
		if time.Now().After(old.Expires) {
			delete(a.sessions, name)
		}
	}
	a.sessions[id] = s
	a.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(sessionLife.Seconds())})
}

func texts(v any) []string {
	list, _ := v.([]any)
	var all []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

func claims(all map[string]any) []claim {
	var list []claim
	for _, name := range []string{"sub", "preferred_username", "name", "email", "groups"} {
		value, err := json.Marshal(all[name])
		if err == nil {
			list = append(list, claim{name, string(value)})
		}
	}
	return list
}
