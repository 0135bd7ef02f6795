package kit

import (
	"context"
	"net/http"
	"time"

	"github.com/postern-sso/postern/templates/paths"
)

// signInTime is how long somebody who signs in waits for what hangs.
const signInTime = 15 * time.Second

// WithDeadline ends what a request of people who sign in waits for, so that they are
// told to come back while they still look. Pages of the console and lists for apps may
// be long; there each call to the database has its own limit.
func WithDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !forPeople(r.URL.Path) && r.URL.Path != paths.SignIn {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), signInTime)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
