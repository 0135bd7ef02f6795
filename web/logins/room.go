// Package logins is the room that shows how logins went: traces, the inspector,
// and links by which somebody's login can be followed.
package logins

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// Room shows how logins went: traces, the inspector, and links by which
// somebody's login can be followed.
type Room struct {
	*kit.Kit
	logins Starter
}

// Starter begins and refuses logins.
type Starter interface {
	// NewAttempt is the beginning of a trace.
	NewAttempt(r *http.Request, slug string) model.Login
	// BeginAttempt writes the trace and the pending request, and answers 303 to AWS.
	BeginAttempt(w http.ResponseWriter, r *http.Request, l model.Login, c model.Connection, rev *model.Revision, test bool, returnTo string) error
	// Refuse ends an attempt with a reason.
	Refuse(w http.ResponseWriter, r *http.Request, l model.Login, refusal *model.Refusal) error
	// RefuseInternal ends an attempt that failed on our side.
	RefuseInternal(w http.ResponseWriter, r *http.Request, l model.Login, cause error) error
}

// New makes the room; logins begins and refuses what a link starts.
func New(k *kit.Kit, logins Starter) *Room { return &Room{Kit: k, logins: logins} }

// MountTraceLinks serves who was sent a link to sign in while somebody watches.
func (rm *Room) MountTraceLinks(r chi.Router) {
	limited := func() chi.Router { return r.With(rm.LimitRate(kit.LoginStartsPerMinute)) } // each address counts by itself
	limited().Get("/trace/{token}", rm.Handle(rm.openTraceLink))
	limited().Get("/trace/{token}/start", rm.Handle(rm.startTraceLink))
}

// Routes are the pages of the room.
func (rm *Room) Routes() []kit.Route {
	const (
		viewer = model.RoleViewer
		admin  = model.RoleAdmin
	)
	return []kit.Route{
		kit.Get("/logins", viewer, rm.listLogins),
		kit.Get("/logins/news", viewer, rm.newLogins),
		kit.Get("/logins/export", viewer, rm.exportLogins),
		kit.Get("/logins/follow", admin, rm.newTraceLink),
		kit.Post("/logins/follow", admin, rm.createTraceLink),
		kit.Get("/logins/follow/{id}", viewer, rm.showTraceLink),
		kit.Get("/logins/follow/{id}/status", viewer, rm.traceLinkStatus),
		kit.Post("/logins/follow/{id}/end", admin, rm.endTraceLink),
		kit.Get("/logins/inspect", viewer, rm.showInspector),
		kit.Post("/logins/inspect", viewer, rm.inspect),
		kit.Get("/logins/{id}", viewer, rm.showLogin),
		kit.Get("/logins/{id}/link", admin, rm.showLink),
		kit.Post("/logins/{id}/link", admin, rm.linkPerson).AfterStepUp(),
		kit.Get("/logins/{id}/unlink", admin, rm.showUnlink),
		kit.Post("/logins/{id}/unlink", admin, rm.unlinkPerson).AfterStepUp(),
		kit.Get("/logins/{id}/domain", admin, rm.showDomain),
		kit.Post("/logins/{id}/domain", admin, rm.allowDomain).AfterStepUp(),
		kit.Get("/logins/{id}/activate", admin, rm.showActivate),
		kit.Post("/logins/{id}/activate", admin, rm.activate),
		kit.Post("/logins/{id}/xml", admin, rm.revealXML).AfterStepUp(),
		kit.Post("/logins/{id}/download", admin, rm.downloadXML).AfterStepUp(),
	}
}
