package web

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/templates/paths"
)

// methodNotAllowed answers at an address that is there, but not for this method,
// and says in Allow for which: with a page, or in the form that the programs
// understand which ask there.
func (s *Server) methodNotAllowed(routes chi.Routes) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		allowed := allowedAt(routes, r.URL.EscapedPath())
		if len(allowed) == 0 { // a method that nothing here knows, at an address where nothing is
			s.FailPage(w, r, http.StatusNotFound, failure.NotFound())
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		switch {
		case oidc.ForPrograms(r.URL.Path):
			oidc.MethodNotAllowed(w, r.Method, allowed)
		case forPrograms(r.URL.Path):
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.WriteHeader(http.StatusMethodNotAllowed)
			_, _ = io.WriteString(w, "This address answers "+strings.Join(allowed, ", ")+".\n") // nobody to tell
		default:
			s.FailPage(w, r, http.StatusMethodNotAllowed, failure.MethodNotAllowed(r.Method, slices.Contains(allowed, http.MethodGet), r.URL.EscapedPath()))
		}
	}
}

// allowedAt are the methods that an address answers.
func allowedAt(routes chi.Routes, path string) []string {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
		if !routes.Match(chi.NewRouteContext(), method, path) {
			continue
		}
		allowed = append(allowed, method)
		if method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	return allowed
}

// forPrograms tells whether an address is one that programs ask and people do not
// look at: SAML metadata, whether Postern lives, files of pages.
func forPrograms(path string) bool {
	if strings.HasPrefix(path, "/saml/") && strings.HasSuffix(path, "/metadata") {
		return true
	}
	return slices.Contains([]string{"/healthz", "/readyz", paths.Here}, path)
}
