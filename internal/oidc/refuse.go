package oidc

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// unknownAudited is how often, at most, requests of unknown clients are
// audited: there is no row of theirs to count them in.
const unknownAudited = 5 * time.Minute

// limiter lets something happen once in a while.
type limiter struct {
	every time.Duration
	mu    sync.Mutex
	last  time.Time
}

func (l *limiter) allow(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.last.IsZero() && now.Sub(l.last) < l.every {
		return false
	}
	l.last = now
	return true
}

// noteRefused keeps why an app was refused, for its page and the audit. The
// answer to the app does not depend on it.
func (p *Provider) noteRefused(r *http.Request, app, code, why string) {
	err := p.store.AppSignInRefused(r.Context(), model.AppSignIns{
		App: app, RefusedAt: p.now(), RefusedError: code, RefusedWhy: why, RefusedAddr: p.opts.RemoteAddr(r),
	})
	p.logFailure(r.Context(), "a refused sign-in of an app was not noted", err)
	p.log.InfoContext(r.Context(), "sign-in of an app refused", "app", app, "error", code, "why", why)
}

// noteUnknown audits a request with a client ID that no app has.
func (p *Provider) noteUnknown(r *http.Request, clientID string) {
	p.log.InfoContext(r.Context(), "sign-in of an unknown app refused", "client", shorten(clientID))
	if !p.unknown.allow(p.now()) {
		return
	}
	err := p.store.RecordAudit(r.Context(), model.Actor{Name: "unknown app", RemoteAddr: p.opts.RemoteAddr(r)},
		"app.sign_in_refused", shorten(clientID), "No app has this client ID. More such requests within five minutes are not listed.")
	p.logFailure(r.Context(), "a refused sign-in of an unknown app was not noted", err)
}

func (p *Provider) logFailure(ctx context.Context, what string, err error) {
	if err != nil {
		p.log.WarnContext(ctx, "bookkeeping failed", "what", what, "error", err)
	}
}
