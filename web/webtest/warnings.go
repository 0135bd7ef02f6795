package webtest

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// Warn is the minute's housekeeping, so much later.
func (x *rotating) Warn(later time.Duration) {
	x.T.Helper()
	x.Now = x.Now.Add(later)
	if err := x.Warnings.Warn(context.Background()); err != nil {
		x.T.Fatal(err)
	}
}

// SignInAgain is a new session, after the clock was moved.
func (x *rotating) SignInAgain() {
	x.T.Helper()
	x.Post("/signin", url.Values{"email": {"owner@example.com"}, "password": {TestPassword}}).Want(x.T, http.StatusSeeOther)
}
