package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/standing"
	"github.com/postern-sso/postern/web/webtest"
)

// standings are the states of a connection and of an app on every page that tells
// them, and in the figures.
func standings(t *testing.T, s *webtest.Site, connection, app string) map[string]string {
	t.Helper()
	seen := map[string]string{}
	at := func(name, path, selector string) {
		t.Helper()
		found := s.Get(path).Want(t, http.StatusOK).Doc.Find(selector)
		seen[name] = found.AttrOr("data-health", "not told")
	}
	at("connection: list", "/connections", "tr:has(a[href='/connections/"+connection+"']) [data-health]")
	at("connection: page", "/connections/"+connection, "main [data-health]")
	at("app: list", "/apps", "tr:has(a[href='/apps/"+app+"']) [data-health]")
	at("app: page", "/apps/"+app, "main [data-health]")

	m := kit.NewMetrics("test")
	m.Watch(standing.With(s.Kit).Figures, nil, nil, nil)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		for kind, name := range map[string]string{"connection": connection, "app": app} {
			if number, found := strings.CutPrefix(line, fmt.Sprintf("postern_health{kind=%q,name=%q} ", kind, name)); found {
				seen[kind+": figures"] = map[string]string{"1": "good", "0.5": "warn", "0": "bad", "-1": "none"}[strings.TrimSpace(number)]
			}
		}
	}
	return seen
}

// Every page and the figures tell the same of a connection and of an app.
func TestHealthIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleAdmin)
	s.OpenConnection("aws")
	s.AddGroup("staff")
	if err := s.Store.CreateApp(t.Context(), webtest.Tester, model.App{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", Groups: []string{"staff"},
		Public: true, RedirectURIs: []string{"https://jira.example.com/callback"}}); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name            string
		do              func()
		connection, app health.State
	}{
		{"nothing happened", func() {}, health.None, health.None},
		{"signed in", func() {
			s.AddLogin(func(*model.Login) {})
			must(s.Store.AppSignInWorked(t.Context(), "jira", "ana", s.Now))
		}, health.Good, health.Good},
		{"refused", func() {
			s.Now = s.Now.Add(time.Minute)
			s.AddLogin(webtest.RefusedAs(model.CodeExpired))
			must(s.Store.AppSignInRefused(t.Context(), model.AppSignIns{App: "jira", RefusedAt: s.Now, RefusedWhy: "No."}))
		}, health.Warn, health.Warn},
		{"nobody gets in, and sees nothing", func() {
			for range 3 {
				s.AddLogin(webtest.RefusedAs(model.CodeAudienceMismatch))
			}
			must(s.Store.DeleteGroup(t.Context(), webtest.Tester, "staff"))
		}, health.Bad, health.Bad},
	} {
		step.do()
		told := standings(t, s, "aws", "jira")
		if len(told) != 6 {
			t.Errorf("%s: told %v", step.name, told)
		}
		for where, state := range told {
			want := step.connection
			if strings.HasPrefix(where, "app") {
				want = step.app
			}
			if state != string(want) {
				t.Errorf("%s: %s tells %q, want %q", step.name, where, state, want)
			}
		}
	}
}
