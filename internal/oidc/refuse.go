package oidc

import (
	"context"
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/throttle"
)

// unknownAudited is how often, at most, requests of unknown clients are
// audited: there is no row of theirs to count them in.
const unknownAudited = 5 * time.Minute

// signInsNoted is how often, at most, what became of an app's sign-ins is kept.
// An app has one row, which whoever floods it would otherwise keep locked; and
// nobody reads faster than that.
const signInsNoted = time.Second

// first tells whether something happens for the first time in a while.
func (p *Provider) first(ctx context.Context, l *throttle.Limiter, what string) bool {
	first, err := l.First(ctx, what)
	p.logFailure(ctx, "whether something is noted again is not known", err)
	return first
}

// noteWorked keeps that an app got tokens for somebody, for its page.
func (p *Provider) noteWorked(ctx context.Context, app, username string) {
	if p.first(ctx, p.noted, "worked "+app) {
		p.logFailure(ctx, "a sign-in of an app was not noted", p.store.AppSignInWorked(ctx, app, username, p.now()))
	}
}

// noteRefused keeps why an app was refused, for its page and the audit. The
// answer to the app does not depend on it.
func (p *Provider) noteRefused(r *http.Request, app, code, why string) {
	p.note(r.Context(), p.opts.RemoteAddr(r), app, code, why)
}

// note is noteRefused for a request of which only the address is known that it came from.
func (p *Provider) note(ctx context.Context, from, app, code, why string) {
	p.log.InfoContext(ctx, "request of an app refused", "app", app, "error", code, "why", why)
	if !p.first(ctx, p.noted, "refused "+app) {
		return
	}
	err := p.store.AppSignInRefused(ctx, model.AppSignIns{
		App: app, RefusedAt: p.now(), RefusedError: code, RefusedWhy: why, RefusedAddr: from,
	})
	p.logFailure(ctx, "a refused sign-in of an app was not noted", err)
}

// noteUnknown audits a request with a client ID that no app has.
func (p *Provider) noteUnknown(r *http.Request, clientID string) {
	p.log.InfoContext(r.Context(), "request of an unknown app refused", "client", shorten(clientID))
	if !p.first(r.Context(), p.unknown, "") {
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
