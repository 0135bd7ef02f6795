package web

import (
	"context"
	"net/http"
	"time"
)

// healthz says that the process is up; it asks nobody else.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

// readyz says whether logins can be answered: the database answers and has
// every migration.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	pending, err := s.Store.PendingMigrations(ctx)
	switch {
	case err != nil:
		s.Log.WarnContext(ctx, "not ready", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("the database does not answer\n"))
	case len(pending) > 0:
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("migrations are pending\n"))
	default:
		_, _ = w.Write([]byte("ready\n"))
	}
}
