package web

import (
	"fmt"
	"net/http"
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
