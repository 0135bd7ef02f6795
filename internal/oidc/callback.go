package oidc

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// The parameters of the callback's address. cameBack is there when the browser
// was sent to sign in for the request already.
const (
	requestParam  = "id"
	cameBackParam = "back"
)

// Visit is a browser at the callback.
type Visit struct {
	Query      url.Values     // of the address
	SignedIn   model.SignedIn // who is signed in in this browser; zero: nobody
	Username   string         // theirs
	SignedInAt time.Time      // when they came from AWS; SignedIn.AuthTime is when AWS saw them, which may be long before
	RemoteAddr string
}

// Decision is how the callback goes on. The zero value lets nobody in.
type Decision struct {
	Outcome     Outcome
	App         model.App // whose request it is; zero when that is over
	Answer      Delivery  // ToApp: what the browser takes there
	Answered    model.App // RequestOver: whose request it was, where this very session answered it; else zero
	Callback    string    // ToSignIn: where to come back to; NoSession: where to try once more
	RedirectURI string    // AddressGone: the address
}

// Outcome tells decisions apart.
type Outcome int

// Outcomes of the callback.
const (
	RequestOver Outcome = iota // the request is unknown, was answered, or has expired
	AddressGone                // the app has lost the address that the answer was to go to
	ToApp                      // the app gets a code, or the error that it wants
	ToSignIn                   // through the app's connection, or through any when it has none
	NoSession                  // the browser was sent to sign in, and nobody is signed in
	OtherPerson                // the browser was sent to sign in, and who is signed in does not suit the request
)

// Decide goes on with the request of an app that a browser brings to the
// callback: with a code when somebody who suits it is signed in, else through a
// sign-in, once. What it decides has happened: a code is valid, and a request
// that was answered is over. Errors are Postern's own.
//
// Whose browser carries the session decides who is signed in to the app. What
// the address names is only the request, so it may be known to others.
func (p *Provider) Decide(ctx context.Context, v Visit) (Decision, error) {
	req, err := p.store.PendingAuthRequest(ctx, v.Query.Get(requestParam), p.now())
	if errors.Is(err, store.ErrNotFound) {
		return p.over(ctx, v)
	}
	if err != nil {
		return Decision{}, err
	}
	app, err := p.store.App(ctx, req.App)
	if err != nil {
		return Decision{}, err
	}
	switch {
	case !p.holds(app, req):
		p.note(ctx, v.RemoteAddr, app.Slug, "invalid_request",
			"An address was taken from the app while somebody signed in to be sent there: "+shorten(req.RedirectURI)+".")
		return Decision{Outcome: AddressGone, App: app, RedirectURI: req.RedirectURI}, nil
	case p.suits(app, req, v):
		return p.grant(ctx, app, req, v.SignedIn)
	case req.Prompt == oidc.PromptNone: // the app wants nobody to be asked
		return p.denyLogin(ctx, app, req)
	case !v.Query.Has(cameBackParam):
		return Decision{Outcome: ToSignIn, App: app, Callback: callbackURL(req.ID) + "&" + cameBackParam + "=1"}, nil
	case v.SignedIn.UserID == "":
		return Decision{Outcome: NoSession, App: app, Callback: callbackURL(req.ID)}, nil
	default: // once more would lead to the same
		return Decision{Outcome: OtherPerson, App: app}, nil
	}
}

// over is for a request that waits no longer. Where it was answered in this very
// session, the app is known: somebody clicked twice, or went back.
func (p *Provider) over(ctx context.Context, v Visit) (Decision, error) {
	if v.SignedIn.SessionID == "" {
		return Decision{Outcome: RequestOver}, nil
	}
	req, err := p.store.AnsweredAuthRequest(ctx, v.Query.Get(requestParam), v.SignedIn.SessionID)
	if errors.Is(err, store.ErrNotFound) {
		return Decision{Outcome: RequestOver}, nil
	}
	if err != nil {
		return Decision{}, err
	}
	app, err := p.store.App(ctx, req.App)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Decision{}, err
	}
	return Decision{Outcome: RequestOver, Answered: app}, nil
}

func callbackURL(id string) string {
	return CallbackPath + "?" + requestParam + "=" + url.QueryEscape(id)
}

// holds tells whether the answer to a request may still go where it was asked
// to: the app may have lost that address meanwhile.
func (p *Provider) holds(app model.App, req model.AuthRequest) bool {
	return isClient(app) && (req.RedirectURI == p.trialURI(app) || slices.Contains(app.RedirectURIs, req.RedirectURI))
}

// suits tells whether somebody is signed in whom the app's request lets in
// without a sign-in.
func (p *Provider) suits(app model.App, req model.AuthRequest, v Visit) bool {
	who := v.SignedIn
	switch {
	case who.UserID == "",
		who.AuthTime.IsZero(), who.SessionID == "", // a session from before these were kept
		app.Connection != "" && app.Connection != who.Connection,
		req.Hint != "" && req.Hint != who.UserID:
		return false
	case !v.SignedInAt.Before(req.CreatedAt): // signed in because of this request
		return true
	case req.Prompt == oidc.PromptLogin:
		return false
	case req.MaxAge != nil:
		return p.now().Sub(who.AuthTime) <= *req.MaxAge
	default:
		return true
	}
}

// grant answers a request with a code, which is good for no longer than the session.
func (p *Provider) grant(ctx context.Context, app model.App, req model.AuthRequest, who model.SignedIn) (Decision, error) {
	code, now := randomValue(), p.now()
	until := now.Add(codeLifetime)
	if who.Until.Before(until) {
		until = who.Until
	}
	err := p.store.GrantCode(ctx, req.ID, code, who, now, until)
	if errors.Is(err, store.ErrNotFound) { // the same request in another tab
		return Decision{Outcome: RequestOver}, nil
	}
	if err != nil {
		return Decision{}, err
	}
	d, err := p.deliver(req.RedirectURI, req.FormPost, answer{Code: code, State: req.State})
	return Decision{Outcome: ToApp, App: app, Answer: d}, err
}

// denyLogin answers a request with the error that nobody who suits it is signed in.
func (p *Provider) denyLogin(ctx context.Context, app model.App, req model.AuthRequest) (Decision, error) {
	if err := p.store.DropAuthRequest(ctx, req.ID); err != nil {
		return Decision{}, err
	}
	refused := oidc.ErrLoginRequired().WithDescription("Nobody is signed in who fits this request.")
	d, err := p.deliver(req.RedirectURI, req.FormPost, refusal(refused, req.State))
	return Decision{Outcome: ToApp, App: app, Answer: d}, err
}
