package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// While the database is away, people and apps are told to come back, in words for
// them; administrators are told where to look.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	st, err := store.Open(context.Background(), storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	s := webtest.NewSAMLSite(t, st, nil)
	st.Close()
	ask := func(method, path string, header ...string) *webtest.Page {
		t.Helper()
		h := http.Header{}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return s.Do(method, path, http.NoBody, h)
	}
	const session = "postern-person=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	for _, c := range [][]string{
		{"GET", "/me", "Cookie", session}, {"GET", "/saml/aws/login"}, {"GET", "/saml/aws/metadata"}, {"GET", "/saml/aws/acs", "Cookie", session},
		{"GET", "/oidc/authorize?client_id=jira&redirect_uri=https://jira.example.com/&response_type=code&scope=openid"},
		{"GET", "/oidc/callback?id=abc"}, {"GET", "/trace/abc"}, {"GET", "/setup-link/abc"},
	} {
		res := ask(c[0], c[1], c[2:]...)
		if res.Status != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
			t.Errorf("%s answers %d, come back in %q s", c[1], res.Status, res.Header.Get("Retry-After"))
		}
		if strings.Contains(res.Body, "console doctor") || strings.Contains(res.Body, "Postern's log") || !strings.Contains(res.Body, " a minute") {
			t.Errorf("%s has words for somebody else:\n%s", c[1], res.Body)
		}
	}
	for _, c := range [][]string{
		{"POST", "/oidc/token", "Content-Type", "application/x-www-form-urlencoded", "Authorization", "Basic amlyYTpzZWNyZXQ="},
		{"GET", "/crowd/rest/usermanagement/1/config/cookie", "Authorization", "Basic amlyYTpzZWNyZXQ="},
	} {
		if res := ask(c[0], c[1], c[2:]...); res.Status != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
			t.Errorf("%s answers %d: %s", c[1], res.Status, res.Body)
		}
	}
	for _, path := range []string{"/signin", "/users"} {
		res := ask("GET", path, "Cookie", strings.Replace(session, "-person", "", 1))
		if res.Status != http.StatusInternalServerError || !strings.Contains(res.Body, "console doctor") {
			t.Errorf("%s answers an administrator %d:\n%s", path, res.Status, res.Body)
		}
	}
}

// What the database answers of a statement is no reason to come back.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	_, refused := store.Open(t.Context(), "postgres://postern@127.0.0.1:1/postern")
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"nobody listens": {refused, true}, "shutting down": {&pgconn.PgError{Code: "57P01"}, true}, "disk full": {&pgconn.PgError{Code: "53100"}, true},
		"read-only": {fmt.Errorf("save: %w", &pgconn.PgError{Code: "25006"}), true}, "too slow": {context.DeadlineExceeded, true},
		"a bad statement": {&pgconn.PgError{Code: "42601"}, false}, "not there": {store.ErrNotFound, false}, "a fault": {errors.New("broken"), false},
		"a conflict": {store.ErrConflict, false}, "no digits": {&pgconn.PgError{}, false}, "the client went away": {context.Canceled, false},
	} {
		if got := store.Unreachable(c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
