package web

import (
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
)

// healthz says that the process is up; it asks nobody else.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// readyz says whether a login could work, and else why not.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if against := s.Opts.Readiness.Against(); against != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, "not ready: %s\n", against)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

// here tells a Postern that asks an address of its own whether it leads to itself:
// it opens what only the same secret key has sealed. Anybody else learns nothing.
func (s *Server) here(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	sealed, err := base64.RawURLEncoding.DecodeString(r.URL.Query().Get("ask"))
	if err == nil {
		sealed, err = s.Sealer.Open(sealed, model.SealedPublicURL)
	}
	if err != nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write(sealed)
}
