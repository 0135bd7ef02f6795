package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/console"
)

// setupRoom is the wizard, and the link by which the AWS administrator takes part
// in it.
type setupRoom struct {
	*kit
	setupNeeds
}

// setupNeeds is what the wizard wants of other rooms.
type setupNeeds struct {
	flow *wizard.Flow
	// BeginLogin sends the browser to AWS to test a revision.
	beginLogin func(w http.ResponseWriter, r *http.Request, c model.Connection, rev *model.Revision, test bool, returnTo string) error
	// AppSeen is an app's screen with what was seen of the app.
	appSeen func(r *http.Request, app model.App) (console.AppPage, error)
	// ShowProblem is the page of a connection with what was wrong with an action there.
	showProblem func(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection, text string) error
}

// newSetupRoom makes the room; needs must be whole.
func newSetupRoom(k *kit, needs setupNeeds) *setupRoom { return &setupRoom{kit: k, setupNeeds: needs} }

// mountSetupLinks serves whoever holds a setup link.
func (rm *setupRoom) mountSetupLinks(r chi.Router) {
	limited := func() chi.Router { return r.With(rm.limitRate(setupLinksPerMinute)) } // each address counts by itself
	limited().Get("/setup-link/{token}", rm.handle(rm.showSetupLink))
	limited().Post("/setup-link/{token}", rm.handle(rm.openSetupLink))
	r.Get("/setup-link/{token}/evidence", rm.holdSetupLink(rm.setupLinkEvidence))
	limited().Post("/setup-link/{token}/metadata", rm.holdSetupLink(rm.setupLinkMetadata))
}

// routes are the pages of the room.
func (rm *setupRoom) routes() []route {
	const (
		admin = model.RoleAdmin
	)
	return []route{
		Get("/setup", admin, rm.newConnection),
		Post("/setup", admin, rm.createConnection),
		Get("/setup/{connection}", admin, rm.resumeSetup),
		Get("/setup/{connection}/{step}", admin, rm.showStep),
		Post("/setup/{connection}/{step}", admin, rm.submitStep),
		Post("/setup/{connection}/{step}/typed", admin, rm.autosave),
		Post("/setup/{connection}/attributes/preview", admin, rm.previewUsername),
		Post("/setup/{connection}/users/add", admin, rm.setupAddUser),
		Post("/setup/{connection}/groups/add", admin, rm.setupAddGroups),
		Post("/setup/{connection}/groups/rule", admin, rm.setupAddRule),
		Get("/setup/{connection}/test/start", admin, rm.startTest), // a link: a form could not be redirected to AWS under form-action
		Get("/setup/{connection}/test/status", admin, rm.testStatus),
		Post("/setup/{connection}/test/username", admin, rm.chooseUsername),
		Get("/setup/{connection}/go-live/people", admin, rm.preflightList),
		Post("/setup/{connection}/go-live/confirm", admin, rm.goLive).afterStepUp(),

		Post("/connections/{slug}/setup-links", admin, rm.createSetupLink),
		Post("/connections/{slug}/setup-links/{id}/revoke", admin, rm.revokeSetupLink),
	}
}
