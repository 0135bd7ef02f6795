package web_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// tree are spans by their ids.
type tree struct {
	all  []webtest.Span
	byID map[string]webtest.Span
}

func treeOf(all []webtest.Span) tree {
	t := tree{all: all, byID: map[string]webtest.Span{}}
	for _, s := range all {
		t.byID[s.ID] = s
	}
	return t
}

// above are the names of what a span stands below, the next one first.
func (t tree) above(s webtest.Span) (names []string) {
	for {
		parent, ok := t.byID[s.Parent]
		if !ok {
			return names
		}
		names, s = append(names, parent.Name), parent
	}
}

func (t tree) find(name string) (webtest.Span, bool) {
	at := slices.IndexFunc(t.all, func(s webtest.Span) bool { return strings.HasPrefix(s.Name, name) })
	if at < 0 {
		return webtest.Span{}, false
	}
	return t.all[at], true
}

// A login is traced from its start through verification, decision and database to what
// the app is given, each part below what it belongs to.
func TestALoginIsTraced(t *testing.T) {
	t.Parallel()
	c := webtest.NewCollector(t)
	s := webtest.NewAppSite(t, storetest.OpenPool(t), func(o *kit.Options) { o.Tracer = c.Tracer(t) })
	s.SignIn(t, "user0")
	got := treeOf(c.Spans())
	for name, want := range map[string][]string{
		"login.start":     {"GET /saml/{connection}/login"},
		"login.acs":       {"POST /saml/{connection}/acs"},
		"login.verify":    {"login.acs", "POST /saml/{connection}/acs"},
		"login.store":     {"login.acs", "POST /saml/{connection}/acs"},
		"login.decide":    {"login.store", "login.acs", "POST /saml/{connection}/acs"},
		"login.session":   {"login.acs", "POST /saml/{connection}/acs"},
		"login.hand-over": {"POST /oidc/token"},
	} {
		span, there := got.find(name)
		if above := got.above(span); !there || !slices.Equal(above, want) {
			t.Errorf("%s (there: %v) stands below %v, want %v", name, there, above, want)
		}
	}
	below := map[string]int{}
	for _, span := range got.all {
		if strings.HasPrefix(span.Name, "db ") {
			if above := got.above(span); len(above) > 0 {
				below[above[0]]++
			}
		}
	}
	for _, part := range []string{"login.start", "login.acs", "login.verify", "login.store", "login.hand-over"} {
		if below[part] == 0 {
			t.Errorf("no query stands below %s: %v", part, below)
		}
	}
	start, _ := got.find("login.start")
	acs, _ := got.find("login.acs")
	if id := start.Attributes["postern.login"]; id == "" || acs.Attributes["postern.login"] != id || acs.Attributes["postern.outcome"] != "signed_in" {
		t.Errorf("start and end say of themselves: %v, %v", start.Attributes, acs.Attributes)
	}
	for _, name := range []string{"db with logins", "db insert users", "db begin", "db commit"} {
		if _, there := got.find(name); !there {
			t.Errorf("there is no span %q: %v", name, got.all)
		}
	}
}

// No span and no line of the log has anything of a person, or anything secret.
func TestRow28SpansAndLogsNameNobody(t *testing.T) {
	t.Parallel()
	c := webtest.NewCollector(t)
	var log bytes.Buffer
	s := webtest.NewAppSite(t, storetest.OpenPool(t), func(o *kit.Options) {
		o.Tracer, o.Logger = c.Tracer(t), slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	answer := s.Answer(t, s.Oauth.AuthCodeURL("a-state-of-the-app"), "user1")
	token, claims := s.Exchange(t, answer.Get("code"))
	stranger := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/users/"+marked+"@example.com?q="+marked, nil)
	stranger.Header.Set("Tracestate", "vendor="+marked)
	stranger.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	s.Send(stranger)
	s.Send(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/saml/"+marked+"/login", nil))
	idToken, _ := token.Extra("id_token").(string)
	secret := map[string]string{"code": answer.Get("code"), "access token": token.AccessToken, "ID token": idToken,
		"client secret": s.Oauth.ClientSecret, "state": "a-state-of-the-app"}
	here, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range s.Client.Jar.Cookies(here) {
		secret["cookie "+cookie.Name] = cookie.Value
	}
	lines := log.String()
	for what, value := range secret {
		if value == "" || strings.Contains(lines, value) {
			t.Errorf("the log has the %s (%q)", what, value)
		}
	}
	for _, beginning := range []string{"SAMLResponse", "PHNhbWx", "<saml"} {
		if strings.Contains(lines, beginning) {
			t.Errorf("the log has a message: %s", beginning)
		}
	}
	for what, value := range map[string]string{"username": claims.Username, "email": claims.Email, "address": "127.0.0.1", "stranger": marked, "mail": "@"} {
		secret[what] = value
	}
	for _, span := range c.Spans() {
		text := span.Name + " " + span.Failed + " " + fmt.Sprint(span.Attributes)
		for what, value := range secret {
			if strings.Contains(text, value) {
				t.Errorf("a span has the %s: %s", what, text)
			}
		}
	}
	if len(c.Spans()) < 50 {
		t.Errorf("only %d spans came", len(c.Spans()))
	}
}

// The reference and the trace of whoever was asked before us are taken over, by log,
// answer and spans; what is no reference is not.
func TestReferencesAreTakenOver(t *testing.T) {
	t.Parallel()
	c := webtest.NewCollector(t)
	var log bytes.Buffer
	s := webtest.NewSiteOn(t, storetest.Open(t), func(o *kit.Options) { o.Tracer, o.Logger = c.Tracer(t), slog.New(slog.NewJSONHandler(&log, nil)) })
	const traced = "0af7651916cd43dd8448eb211c80319c"
	ask := func(id, parent string) (answered, line string) {
		log.Reset()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/nowhere", nil)
		r.Header.Set("X-Request-Id", id)
		r.Header.Set("Traceparent", parent)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w.Header().Get("X-Request-Id"), log.String()
	}
	for _, id := range []string{"abc", "A.b_c-9", strings.Repeat("x", 128), "7f2c1f5e-8a6e-4c0e-9a53-0d8c3f2f4b11"} {
		answered, line := ask(id, "00-"+traced+"-b7ad6b7169203331-01")
		if answered != id || !strings.Contains(line, `"reference":"`+id+`"`) || !strings.Contains(line, `"trace":"`+traced+`"`) {
			t.Errorf("%q was answered as %q, and logged as %s", id, answered, line)
		}
	}
	for _, id := range []string{"", strings.Repeat("x", 129), "a b", "a\nb", "ä", "<b>", "a/b", "a:b"} {
		if answered, line := ask(id, "00-zz-01"); answered == id || len(answered) != 16 || strings.Contains(line, `"trace":"`+traced) {
			t.Errorf("%q was answered as %q, and logged as %s", id, answered, line)
		}
	}
	first := c.Spans()[0]
	if first.Trace != traced || first.Parent != "b7ad6b7169203331" || first.Name != "GET none" {
		t.Errorf("the span is %+v", first)
	}
}

// Without a tracer nothing is traced, and the trace of whoever asked is logged.
func TestTraceIsLoggedWithoutTracing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := webtest.NewSiteOn(t, storetest.Open(t), func(o *kit.Options) { o.Logger = slog.New(slog.NewJSONHandler(&log, nil)) })
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/nowhere", nil)
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	s.Handler().ServeHTTP(httptest.NewRecorder(), r)
	if !strings.Contains(log.String(), `"trace":"0af7651916cd43dd8448eb211c80319c"`) {
		t.Errorf("the log: %s", log.String())
	}
}

// Checks of health, and pictures, are neither traced nor in the log at info.
func TestHealthChecksAreQuiet(t *testing.T) {
	t.Parallel()
	c := webtest.NewCollector(t)
	var log bytes.Buffer
	s := webtest.NewSiteOn(t, storetest.Open(t), func(o *kit.Options) { o.Tracer, o.Logger = c.Tracer(t), slog.New(slog.NewJSONHandler(&log, nil)) })
	for _, path := range []string{"/healthz", "/readyz", "/static/app.css"} {
		s.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	}
	if log.Len() > 0 || len(c.Spans()) > 0 {
		t.Errorf("logged %s, traced %v", log.String(), c.Spans())
	}
}
