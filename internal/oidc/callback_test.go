package oidc_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// asks is the query of the callback after a request of the app.
func (s *site) asks(opts ...oauth2.AuthCodeOption) url.Values {
	s.t.Helper()
	to, err := url.Parse(s.get(s.oauth.AuthCodeURL("state", opts...)).location())
	s.must(err)
	if to.Path != provider.CallbackPath {
		s.t.Fatalf("the request leads to %q", to)
	}
	return to.Query()
}

// decides is what the callback decides for a browser.
func (s *site) decides(v provider.Visit) provider.Decision {
	s.t.Helper()
	d, err := s.Decide(context.Background(), v)
	s.must(err)
	return d
}

// A request is answered for somebody who is signed in in a way that suits it;
// otherwise the browser is sent to sign in, once.
func TestWhoIsSentToSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	storetest.LiveConnection(t, s.store, "other", nil)
	token, _ := s.signIn("user0")
	raw, _ := token.Extra("id_token").(string)
	hint, param := oauth2.SetAuthURLParam("id_token_hint", raw), oauth2.SetAuthURLParam
	const earlier = 10 * time.Minute
	since := func(v *provider.Visit) { v.SignedInAt = v.SignedInAt.Add(earlier) }
	longAgo := func(v *provider.Visit) { v.SignedIn.AuthTime = v.SignedIn.AuthTime.Add(-time.Hour) }
	for name, c := range map[string]struct {
		ask        []oauth2.AuthCodeOption
		username   string // empty: nobody
		change     func(*provider.Visit)
		connection string // that the app demands
		suits      bool
	}{
		"nobody":                             {nil, "", nil, "", false},
		"a session of nobody":                {nil, "user0", func(v *provider.Visit) { v.SignedIn.UserID = "" }, "", false},
		"somebody":                           {nil, "user0", nil, "", true},
		"no time of the authentication":      {nil, "user0", func(v *provider.Visit) { v.SignedIn.AuthTime = time.Time{} }, "", false},
		"no name of the session":             {nil, "user0", func(v *provider.Visit) { v.SignedIn.SessionID = "" }, "", false},
		"through the app's connection":       {nil, "user0", nil, "aws", true},
		"through another connection":         {nil, "user0", nil, "other", false},
		"the one who is expected":            {[]oauth2.AuthCodeOption{hint}, "user0", nil, "", true},
		"another than who is expected":       {[]oauth2.AuthCodeOption{hint}, "user1", nil, "", false},
		"prompt=login":                       {[]oauth2.AuthCodeOption{param("prompt", "login")}, "user0", nil, "", false},
		"prompt=select_account":              {[]oauth2.AuthCodeOption{param("prompt", "select_account")}, "user0", nil, "", false},
		"prompt=consent":                     {[]oauth2.AuthCodeOption{param("prompt", "consent")}, "user0", nil, "", true},
		"signed in recently enough":          {[]oauth2.AuthCodeOption{param("max_age", "600")}, "user0", nil, "", true},
		"signed in too long ago":             {[]oauth2.AuthCodeOption{param("max_age", "599")}, "user0", nil, "", false},
		"never too long ago":                 {[]oauth2.AuthCodeOption{param("max_age", "9223372036854775807")}, "user0", nil, "", true},
		"AWS saw them longer ago than we":    {[]oauth2.AuthCodeOption{param("max_age", "900")}, "user0", longAgo, "", false},
		"prompt=login, then signed in":       {[]oauth2.AuthCodeOption{param("prompt", "login")}, "user0", since, "", true},
		"max_age, then signed in":            {[]oauth2.AuthCodeOption{param("max_age", "0")}, "user0", since, "", true},
		"expected, signed in as another":     {[]oauth2.AuthCodeOption{hint}, "user1", since, "", false},
		"signed in since, elsewhere":         {nil, "user0", since, "other", false},
		"signed in since, no session's name": {nil, "user0", func(v *provider.Visit) { since(v); v.SignedIn.SessionID = "" }, "", false},
	} {
		s.change(func(a *model.App) { a.Connection = c.connection })
		s.newBrowser()
		if c.username != "" {
			s.signInAs(c.username)
		}
		s.now = s.now.Add(earlier)
		v := s.visit(s.asks(c.ask...))
		if c.change != nil {
			c.change(&v)
		}
		silent := v
		silent.Query = s.asks(append(c.ask, param("prompt", "none"))...)
		if strings.HasPrefix(name, "prompt=") {
			silent.Query = nil // it asks for the opposite
		}
		checkWay(t, s, name, v, c.suits)
		if silent.Query != nil {
			checkSilent(t, s, name, silent, c.suits)
		}
	}
}

// checkWay follows one visit: to the app, or to sign in and no further.
func checkWay(t *testing.T, s *site, name string, v provider.Visit, suits bool) {
	t.Helper()
	d := s.decides(v)
	if suits {
		to, err := url.Parse(d.Answer.To)
		if err != nil || d.Outcome != provider.ToApp || !strings.HasPrefix(d.Answer.To, appCallback+"?") || to.Query().Get("code") == "" ||
			to.Query().Get("state") != "state" || to.Query().Get("iss") != s.url || d.App.Slug != "jira" {
			t.Errorf("%s: %+v", name, d)
		}
		return
	}
	back, err := url.Parse(d.Callback)
	if err != nil || d.Outcome != provider.ToSignIn || d.Answer.To != "" || d.App.Slug != "jira" || back.Path != provider.CallbackPath ||
		back.Query().Get("id") != v.Query.Get("id") {
		t.Fatalf("%s: %+v", name, d)
	}
	want := provider.OtherPerson
	if v.SignedIn.UserID == "" {
		want = provider.NoSession
	}
	v.Query = back.Query()
	if d = s.decides(v); d.Outcome != want || d.Answer.To != "" || (want == provider.NoSession) != (d.Callback == provider.CallbackPath+"?id="+v.Query.Get("id")) {
		t.Errorf("%s, come back: %+v, want %d", name, d, want)
	}
}

// checkSilent sends no browser to sign in: the app wants nobody to be asked.
func checkSilent(t *testing.T, s *site, name string, v provider.Visit, suits bool) {
	t.Helper()
	d := s.decides(v)
	to, err := url.Parse(d.Answer.To)
	if err != nil || d.Outcome != provider.ToApp || (to.Query().Get("code") != "") != suits || (to.Query().Get("error") == "login_required") == suits ||
		to.Query().Get("state") != "state" || to.Query().Get("iss") != s.url {
		t.Errorf("%s, silently: %+v", name, d)
	}
	if again := s.decides(v); again.Outcome != provider.RequestOver || again.Answer.To != "" {
		t.Errorf("%s, silently, a second time: %+v", name, again)
	}
}

// Who only knows a request's address gets neither its code nor a second one.
func TestRequestIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	s.signInAs("user0")
	query := s.asks()
	if d := s.decides(s.visit(query)); d.Outcome != provider.ToApp {
		t.Fatalf("%+v", d)
	}
	late := s.asks()
	s.now = s.now.Add(time.Hour)
	for name, v := range map[string]provider.Visit{
		"again": s.visit(query), "expired": s.visit(late), "no request": s.visit(nil), "unknown": s.visit(url.Values{"id": {"nothing"}}),
		"NUL": s.visit(url.Values{"id": {"\x00"}}),
	} {
		if d := s.decides(v); d.Outcome != provider.RequestOver || d.Answer.To != "" || d.App.Slug != "" {
			t.Errorf("%s: %+v", name, d)
		}
		if d := s.decides(v); (d.Answered.Slug == "jira") != (name == "again") {
			t.Errorf("%s: it says that %q was answered in this session", name, d.Answered.Slug)
		}
	}
	s.newBrowser()
	for name, query := range map[string]url.Values{"answered": query, "expired": late} {
		if d := s.decides(s.visit(query)); d.Outcome != provider.RequestOver {
			t.Errorf("%s, in another browser: %+v", name, d)
		}
	}
}

// Of two tabs that bring the same request at once, one gets the code, and the
// other is told that the request is over.
func TestRequestInTwoTabsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	s.signInAs("user0")
	v := s.visit(s.asks())
	var first provider.Decision
	options, asked := s.options, 0
	options.Now = func() time.Time {
		if asked++; asked == 2 { // the request was found pending, and no code is given yet
			first = s.decides(v)
		}
		return s.now
	}
	slow, err := provider.New(options)
	s.must(err)
	second, err := slow.Decide(context.Background(), v)
	if err != nil || second.Outcome != provider.RequestOver || second.Answer.To != "" || first.Outcome != provider.ToApp {
		t.Errorf("the first %+v, the second %+v, %v", first, second, err)
	}
}

// Nobody is sent to an address that was taken from the app meanwhile, nor to one
// of an app that does not sign people in any more.
func TestAddressIsTakenDuringASignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	s.signInAs("user0")
	for name, change := range map[string]func(*model.App){
		"another address": func(a *model.App) { a.RedirectURIs = []string{"https://jira.example.com/new"} },
		"of Crowd by now": func(a *model.App) { a.Kind = model.AppCrowd },
	} {
		under, silent := s.asks(), s.asks(oauth2.SetAuthURLParam("prompt", "none"))
		s.change(change)
		for _, query := range []url.Values{under, silent} {
			s.now = s.now.Add(time.Second)
			if d := s.decides(s.visit(query)); d.Outcome != provider.AddressGone || d.Answer.To != "" || d.RedirectURI != appCallback || d.App.Name != "Jira" {
				t.Errorf("%s: %+v", name, d)
			}
			if last := s.noted(); !strings.Contains(last.RefusedWhy, "taken from the app") || last.RefusedAddr != "127.0.0.1" || !last.RefusedAt.Equal(s.now) {
				t.Errorf("%s: noted %+v", name, last)
			}
		}
		s.change(func(a *model.App) { a.Kind, a.RedirectURIs = model.AppOIDC, []string{appCallback} })
		if d := s.decides(s.visit(under)); d.Outcome != provider.ToApp {
			t.Errorf("%s, given back: %+v", name, d)
		}
	}
}

// A code is good for a minute, and for no longer than the session that it is of.
func TestCodeLastsNoLongerThanTheSession(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	for life, want := range map[time.Duration]time.Duration{time.Hour: time.Minute, 10 * time.Second: 10 * time.Second} {
		s.life = life
		s.signInAs("user0")
		code := s.answer(s.oauth.AuthCodeURL("state"), "").Get("code")
		granted, err := s.store.AuthRequestByCode(context.Background(), code)
		s.must(err)
		if got := granted.CodeUntil.Sub(s.now); got != want {
			t.Errorf("in a session of %s a code is good for %s, want %s", life, got, want)
		}
	}
}

// What a decision says of who is signed in is what the app is told.
func TestCodeIsOfWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	u := s.signInAs("user1")
	who := s.present.SignedIn
	code := s.answer(s.oauth.AuthCodeURL("state"), "").Get("code")
	granted, err := s.store.AuthRequestByCode(context.Background(), code)
	s.must(err)
	got := granted.SignedIn
	if !got.AuthTime.Equal(who.AuthTime) || !got.Until.Equal(who.Until) {
		t.Errorf("signed in %+v, want %+v", got, who)
	}
	got.AuthTime, got.Until = who.AuthTime, who.Until
	if got != who || got.UserID != u.ID {
		t.Errorf("signed in %+v, want %+v", got, who)
	}
}
