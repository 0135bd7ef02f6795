package login

import (
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/spans"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/login"
	"github.com/postern-sso/postern/web/kit"
)

const (
	HeaderLogin = "Postern-Login" // carries the id of the trace, always

	// requestLifetime is how long AWS may take to answer. People dawdle at
	// multi-factor prompts, and AWS's own messages live for an hour.
	requestLifetime = time.Hour
)

// samlMetadata is our metadata, for uploading to AWS. A connection that is
// still being set up has one too: AWS needs it before the connection is live.
func (rm *Room) samlMetadata(w http.ResponseWriter, r *http.Request) error {
	c, err := rm.Store.Connection(r.Context(), chi.URLParam(r, "connection"))
	if err != nil {
		return err
	}
	rev := c.Current()
	if rev == nil {
		return store.ErrNotFound
	}
	xml, err := rm.ServiceProvider(c.Slug, rev.Config).Metadata()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	w.Header().Set("Content-Disposition", `attachment; filename="postern-`+c.Slug+`.xml"`)
	_, err = w.Write(xml)
	return err
}

// samlLogin sends a person to AWS. The trace is written before they leave.
func (rm *Room) samlLogin(w http.ResponseWriter, r *http.Request) error {
	slug := chi.URLParam(r, "connection")
	c, err := rm.Store.Connection(r.Context(), slug)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return rm.RefuseInternal(w, r, rm.NewAttempt(r, slug), err)
	}
	if err != nil || c.Status != model.StatusLive || c.Live == nil {
		return rm.Refuse(w, r, rm.NewAttempt(r, slug), sso.NotOpen(c))
	}
	return rm.BeginLogin(w, r, c, c.Live, false, kit.LocalPath(r.URL.Query().Get("return")))
}

// BeginLogin writes the trace and the pending request, and answers 303 to AWS.
// A test is judged by the revision given and signs nobody in.
func (rm *Room) BeginLogin(w http.ResponseWriter, r *http.Request, c model.Connection, rev *model.Revision, test bool, returnTo string) error {
	return rm.BeginAttempt(w, r, rm.NewAttempt(r, c.Slug), c, rev, test, returnTo)
}

// beginAttempt is beginLogin for a trace that has been begun.
func (rm *Room) BeginAttempt(w http.ResponseWriter, r *http.Request, l model.Login, c model.Connection, rev *model.Revision, test bool,
	returnTo string) error {
	ctx, end := rm.Opts.Metrics.Part(r.Context(), spans.Start)
	defer end()
	r = r.WithContext(ctx)
	spans.Login(ctx, l.ID)
	spans.Connection(ctx, c.Slug)
	l.RevisionID, l.RevisionVersion, l.Test = rev.ID, rev.Version, test
	idp, err := rm.IdentityProvider(rev)
	if err != nil {
		return rm.Refuse(w, r, l, sso.Refuse(model.CauseMetadataUnusable, "", "",
			"The connection has no usable AWS metadata. Import it again in the setup."))
	}
	req, err := sso.NewRequest(rm.ServiceProvider(c.Slug, rev.Config), idp, sso.NewRequestID(), rm.Now())
	if err != nil {
		return rm.RefuseInternal(w, r, l, err)
	}
	handle := rand.Text()
	to, err := req.RedirectURL(handle)
	if err != nil {
		return rm.RefuseInternal(w, r, l, err)
	}
	l.RequestID = req.ID
	pending := model.PendingRequest{
		LoginID: l.ID, ConnectionID: c.ID, RevisionID: rev.ID, RevisionVersion: rev.Version,
		RequestID: req.ID, BrowserHash: rm.MarkBrowser(w, r), ReturnTo: returnTo, Test: test,
		CreatedAt: l.StartedAt, ExpiresAt: l.StartedAt.Add(requestLifetime),
	}
	if err := rm.Store.StartLogin(r.Context(), l, &pending, handle); err != nil {
		return rm.RefuseInternal(w, r, l, err)
	}
	w.Header().Set(HeaderLogin, l.ID)
	return kit.SeeOther(w, r, to)
}

// NewAttempt is the beginning of a trace.
func (rm *Room) NewAttempt(r *http.Request, slug string) model.Login {
	return model.Login{
		ID: store.NewLoginID(), Connection: kit.Truncate(slug, 64), StartedAt: rm.Now(),
		Outcome: model.OutcomePending, RemoteAddr: rm.RemoteAddr(r), UserAgent: kit.Truncate(r.UserAgent(), 512),
	}
}

// explainACS answers a browser that opens the assertion consumer service. AWS
// sends people here when the application's start URL is set to it.
func (rm *Room) explainACS(w http.ResponseWriter, r *http.Request) error {
	return rm.Render(w, r, http.StatusOK, login.OpenedACS(chi.URLParam(r, "connection")))
}

// samlTested is where a test login ends for the person who made it.
func (rm *Room) samlTested(w http.ResponseWriter, r *http.Request) error {
	return rm.Render(w, r, http.StatusOK, login.Tested(chi.URLParam(r, "connection")))
}

// showLogout asks before it ends the session: a link alone must not do it.
func (rm *Room) showLogout(w http.ResponseWriter, r *http.Request) error {
	u, err := rm.CurrentPerson(r)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return rm.Render(w, r, http.StatusOK, login.SignOut(chi.URLParam(r, "connection"), u.Username))
}

// samlLogout ends the session here. AWS IAM Identity Center does not support
// single logout, and the page says so instead of pretending.
func (rm *Room) samlLogout(w http.ResponseWriter, r *http.Request) error {
	if err := rm.EndPersonSession(r.Context()); err != nil {
		return err
	}
	slug := chi.URLParam(r, "connection")
	awsSignOut := ""
	if c, err := rm.Store.Connection(r.Context(), slug); err == nil && c.Live != nil {
		if idp, err := rm.IdentityProvider(c.Live); err == nil {
			awsSignOut = idp.LogoutURL
		}
	}
	text := ""
	if set, err := rm.Store.Settings(r.Context()); err == nil { // signed out all the same
		text = set.SignedOutText
	}
	return rm.Render(w, r, http.StatusOK, login.SignedOut(slug, awsSignOut, text))
}
