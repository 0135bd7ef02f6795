// Package setup is the room of the wizard, and of the link by which the AWS
// administrator takes part in it.
package setup

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/apps"
	"github.com/postern-sso/postern/web/kit"
)

// Room is the wizard, and the link by which the AWS administrator takes part
// in it.
type Room struct {
	*kit.Kit
	Needs
	parse wizard.ParseFunc
}

// Needs is what the wizard wants of other rooms.
type Needs struct {
	Flow *wizard.Flow
	// BeginLogin sends the browser to AWS to test a revision.
	BeginLogin func(w http.ResponseWriter, r *http.Request, c model.Connection, rev *model.Revision, test bool, returnTo string) error
	// AppSeen is an app's screen with what was seen of the app.
	AppSeen func(r *http.Request, app model.App) (apps.AppPage, error)
	// ShowProblem is the page of a connection with what was wrong with an action there.
	ShowProblem func(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection, text string) error
}

// New makes the room; needs must be whole.
func New(k *kit.Kit, needs Needs) *Room { return &Room{Kit: k, Needs: needs, parse: sso.ParseMetadata} }

// MountSetupLinks serves whoever holds a setup link.
func (rm *Room) MountSetupLinks(r chi.Router) {
	limited := func() chi.Router { return r.With(rm.LimitRate(kit.SetupLinksPerMinute)) } // each address counts by itself
	limited().Get("/setup-link/{token}", rm.Handle(rm.showSetupLink))
	limited().Post("/setup-link/{token}", rm.Handle(rm.openSetupLink))
	r.Get("/setup-link/{token}/evidence", rm.holdSetupLink(rm.setupLinkEvidence))
	limited().Post("/setup-link/{token}/certificate", rm.holdSetupLink(rm.setupLinkCertificate))
	limited().Post("/setup-link/{token}/metadata", rm.holdSetupLink(rm.setupLinkMetadata))
}

// Routes are the pages of the room.
func (rm *Room) Routes() []kit.Route {
	const (
		admin = model.RoleAdmin
	)
	return []kit.Route{
		kit.Get("/setup", admin, rm.newConnection),
		kit.Post("/setup", admin, rm.createConnection),
		kit.Get("/setup/{connection}", admin, rm.resumeSetup),
		kit.Get("/setup/{connection}/{step}", admin, rm.orFirst(rm.showStep)),
		kit.Post("/setup/{connection}/{step}", admin, rm.orFirst(rm.submitStep)),
		kit.Post("/setup/{connection}/{step}/typed", admin, rm.autosave),
		kit.Post("/setup/{connection}/attributes/preview", admin, rm.orFirst(rm.previewUsername)),
		kit.Post("/setup/{connection}/users/add", admin, rm.orFirst(rm.setupAddUser)),
		kit.Post("/setup/{connection}/groups/add", admin, rm.orFirst(rm.setupAddGroups)),
		kit.Post("/setup/{connection}/groups/rule", admin, rm.orFirst(rm.setupAddRule)),
		kit.Get("/setup/{connection}/test/start", admin, rm.orFirst(rm.startTest)), // a link: a form could not be redirected to AWS under form-action
		kit.Get("/setup/{connection}/test/status", admin, rm.testStatus),
		kit.Post("/setup/{connection}/test/username", admin, rm.orFirst(rm.chooseUsername)),
		kit.Get("/setup/{connection}/go-live/people", admin, rm.preflightList),
		kit.Post("/setup/{connection}/go-live/confirm", admin, rm.orFirst(rm.goLive)).AfterStepUp(),

		kit.Post("/connections/{slug}/setup-links", admin, rm.createSetupLink),
		kit.Post("/connections/{slug}/certificates/link", admin, rm.createCertificateLink),
		kit.Post("/connections/{slug}/setup-links/{id}/revoke", admin, rm.revokeSetupLink),
	}
}
