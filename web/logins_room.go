package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
)

// loginsRoom shows how logins went: traces, the inspector, and links by which
// somebody's login can be followed.
type loginsRoom struct {
	*kit
	logins starter
}

// starter begins and refuses logins.
type starter interface {
	// NewAttempt is the beginning of a trace.
	NewAttempt(r *http.Request, slug string) model.Login
	// BeginAttempt writes the trace and the pending request, and answers 303 to AWS.
	BeginAttempt(w http.ResponseWriter, r *http.Request, l model.Login, c model.Connection, rev *model.Revision, test bool, returnTo string) error
	// Refuse ends an attempt with a reason.
	Refuse(w http.ResponseWriter, r *http.Request, l model.Login, refusal *model.Refusal) error
	// RefuseInternal ends an attempt that failed on our side.
	RefuseInternal(w http.ResponseWriter, r *http.Request, l model.Login, cause error) error
}

// newLoginsRoom makes the room; logins begins and refuses what a link starts.
func newLoginsRoom(k *kit, logins starter) *loginsRoom { return &loginsRoom{kit: k, logins: logins} }

// mountTraceLinks serves who was sent a link to sign in while somebody watches.
func (rm *loginsRoom) mountTraceLinks(r chi.Router) {
	limited := func() chi.Router { return r.With(rm.limitRate(loginStartsPerMinute)) } // each address counts by itself
	limited().Get("/trace/{token}", rm.handle(rm.openTraceLink))
	limited().Get("/trace/{token}/start", rm.handle(rm.startTraceLink))
}

// routes are the pages of the room.
func (rm *loginsRoom) routes() []route {
	const (
		viewer = model.RoleViewer
		admin  = model.RoleAdmin
	)
	return []route{
		Get("/logins", viewer, rm.listLogins),
		Get("/logins/news", viewer, rm.newLogins),
		Get("/logins/export", viewer, rm.exportLogins),
		Get("/logins/follow", admin, rm.newTraceLink),
		Post("/logins/follow", admin, rm.createTraceLink),
		Get("/logins/follow/{id}", viewer, rm.showTraceLink),
		Get("/logins/follow/{id}/status", viewer, rm.traceLinkStatus),
		Post("/logins/follow/{id}/end", admin, rm.endTraceLink),
		Get("/logins/inspect", viewer, rm.showInspector),
		Post("/logins/inspect", viewer, rm.inspect),
		Get("/logins/{id}", viewer, rm.showLogin),
		Post("/logins/{id}/xml", admin, rm.revealXML).afterStepUp(),
		Post("/logins/{id}/download", admin, rm.downloadXML).afterStepUp(),
	}
}
