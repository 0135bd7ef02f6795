package web_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// methodsOf is every address of the site with the methods that it answers.
func methodsOf(t *testing.T, s *webtest.Site) map[string][]string {
	t.Helper()
	routes, ok := s.Handler().(chi.Routes)
	if !ok {
		t.Fatal("the handler cannot say its routes")
	}
	methods := map[string][]string{}
	err := chi.Walk(routes, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		methods[pattern] = append(methods[pattern], method)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return methods
}

// changes are the addresses where GET is the act itself: asked twice, they answer
// otherwise.
func changes(pattern string) bool { return strings.HasSuffix(pattern, "/events") }

// HEAD is answered as GET is, everywhere, without a body.
func TestDrillHead(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	seen := 0
	for pattern, methods := range methodsOf(t, s) {
		if !slices.Contains(methods, http.MethodGet) || changes(pattern) || strings.HasPrefix(pattern, "/crowd/") {
			continue
		}
		seen++
		path := strings.TrimSuffix(webtest.Concrete(pattern), "*")
		for _, signedIn := range []bool{true, false} {
			client := s.Client
			if !signedIn {
				s.Client = s.Browser()
			}
			get, head := s.Get(path), s.Do(http.MethodHead, path, nil, nil)
			s.Client = client
			if head.Status != get.Status || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") ||
				(head.Header.Get("Location") != get.Header.Get("Location") && !strings.HasPrefix(pattern, "/saml/")) {
				t.Errorf("HEAD %s answers %d to %q, GET %d to %q", path, head.Status, head.Header.Get("Location"), get.Status, get.Header.Get("Location"))
			}
			if head.Body != "" {
				t.Errorf("HEAD %s has a body", path)
			}
		}
	}
	if seen < 60 {
		t.Errorf("only %d addresses were asked", seen)
	}
}

// refusesMethod judges an answer with 405: people get a page, programs what they
// can read.
func refusesMethod(t *testing.T, method, pattern string, res *webtest.Page) {
	t.Helper()
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	kind, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	_, withPage := map[string]bool{oidc.AuthorizePath: true, "/oidc/callback": true, "/oidc/logout": true, "/oidc/signout": true}[pattern]
	switch {
	case strings.HasPrefix(pattern, "/oidc/") && !withPage || strings.HasPrefix(pattern, "/.well-known/"):
		if err := json.Unmarshal([]byte(res.Body), &said); err != nil || kind != "application/json" || said.Error != "invalid_request" || said.Description == "" {
			t.Errorf("%s %s: %s %q, %v", method, pattern, kind, res.Body, err)
		}
	case pattern == "/saml/{connection}/metadata" || strings.HasSuffix(pattern, "z") || pattern == paths.Here:
		if kind != "text/plain" || !strings.HasPrefix(res.Body, "This address answers ") {
			t.Errorf("%s %s: %s %q", method, pattern, kind, res.Body)
		}
	default:
		if kind != "text/html" || res.Find("h1") != "This cannot be done here" {
			t.Errorf("%s %s: %s, %q", method, pattern, kind, res.Find("h1"))
		}
	}
}

// A method that an address does not answer gets a page that says so, or what the
// programs understand that ask there, and Allow says which ones it answers. No
// part of the site is left out: the directory has no answer of that kind, and says
// in Crowd's form that it is read only.
func TestDrillMethodNotAllowed(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	refused := map[string]bool{}
	for pattern, methods := range methodsOf(t, s) {
		if strings.HasPrefix(pattern, "/crowd/") {
			continue // judged below
		}
		if strings.HasPrefix(pattern, "/scim/") {
			continue // nobody without a token is answered anything but 401 (internal/directory/scim)
		}
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodHead,
			"PROPFIND"} {
			if slices.Contains(methods, method) || method == http.MethodHead && slices.Contains(methods, http.MethodGet) {
				continue
			}
			res := s.Do(method, strings.ReplaceAll(webtest.Concrete(pattern), "*", "no/app.css"), nil, nil)
			if res.Status == http.StatusNotFound && slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost}, method) {
				// another address, with a name in this place, takes it
				continue
			}
			allow := strings.Split(res.Header.Get("Allow"), ", ")
			if res.Status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s answers %d", method, pattern, res.Status)
			}
			if method != http.MethodHead {
				refusesMethod(t, method, pattern, res)
			}
			for _, m := range methods {
				if !slices.Contains(allow, m) || m == http.MethodGet && !slices.Contains(allow, http.MethodHead) {
					t.Errorf("%s %s: Allow says %q, and it answers %v", method, pattern, allow, methods)
				}
			}
			refused[pattern] = true
		}
	}
	if len(refused) < 120 {
		t.Errorf("only %d addresses refused a method", len(refused))
	}
	if res := s.Do(http.MethodPut, "/crowd/rest/usermanagement/1/user", nil, nil); res.Status == http.StatusMethodNotAllowed ||
		strings.Contains(res.Header.Get("Content-Type"), "html") {
		t.Errorf("the directory answers %d %s", res.Status, res.Header.Get("Content-Type"))
	}
	for _, c := range []struct{ method, path, allow string }{
		{"DELETE", "/me", "GET, HEAD"}, {"POST", "/me", "GET, HEAD"}, {"PUT", "/saml/aws/acs", "GET, HEAD, POST"},
	} {
		if res := s.Do(c.method, c.path, nil, nil); res.Status != http.StatusMethodNotAllowed || res.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.path, res.Status, res.Header.Get("Allow"))
		}
	}
	if res := s.Do(http.MethodPost, "/nothing/here", nil, nil); res.Status != http.StatusNotFound || res.Find("h1") != "Page not found" {
		t.Errorf("POST to nothing: %d %q", res.Status, res.Find("h1"))
	}
}

// Behind a proxy that puts another Host, our own pages are still our own; others
// are not.
func TestOwnPagesBehindAProxyThatRewritesHost(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	inside := strings.Replace(s.URL, "localhost", "127.0.0.1", 1) // the proxy's name for us
	for origin, want := range map[string]int{s.URL: http.StatusSeeOther, "https://evil.example": http.StatusForbidden, "null": http.StatusForbidden} {
		res := s.Do(http.MethodPost, inside+"/signin", strings.NewReader("email=owner%40example.com&password="+strings.ReplaceAll(webtest.TestPassword, " ", "+")),
			http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {origin}})
		if res.Status != want {
			t.Errorf("from %s: %d, want %d", origin, res.Status, want)
		}
	}
}
