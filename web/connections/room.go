// Package connections is the room of connections that exist: their state, their
// certificates and their revisions.
package connections

import (
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/setuplink"
	"github.com/postern-sso/postern/web/kit"
)

// Room is about connections that exist: their state, their certificates
// and their revisions.
type Room struct {
	*kit.Kit
	links LinkPanels
}

// LinkPanels shows the setup links of a connection that is being edited; nil when
// there is nothing to hand over.
type LinkPanels interface {
	ConnectionPanel(r *http.Request, a model.Administrator, c model.Connection) (*setuplink.Panel, error)
	// CertificatePanel is of the links that are for AWS's new certificate alone.
	CertificatePanel(r *http.Request, a model.Administrator, c model.Connection) (*setuplink.Panel, error)
}

// New makes the room; links is the wizard's.
func New(k *kit.Kit, links LinkPanels) *Room {
	return &Room{Kit: k, links: links}
}

// Routes are the pages of the room.
func (rm *Room) Routes() []kit.Route {
	const (
		viewer = model.RoleViewer
		admin  = model.RoleAdmin
	)
	return []kit.Route{
		kit.Get("/connections", viewer, rm.listConnections),
		kit.Get("/connections/{slug}", viewer, rm.showConnection),
		kit.Post("/connections/{slug}/edit", admin, rm.editConnection),
		kit.Post("/connections/{slug}/discard", admin, rm.discardDraft),
		kit.Post("/connections/{slug}/suspend", admin, rm.suspendConnection),
		kit.Post("/connections/{slug}/resume", admin, rm.resumeConnection).AfterStepUp(),
		kit.Get("/connections/{slug}/replay", admin, rm.replayLogins),
		kit.Get("/connections/{slug}/restore", admin, rm.reviewRestore),
		kit.Get("/connections/{slug}/restore/people", admin, rm.restoreList),
		kit.Post("/connections/{slug}/restore", admin, rm.restoreRevision).AfterStepUp(),
		kit.Get("/connections/{slug}/certificates", viewer, rm.showCertificates),
		kit.Post("/connections/{slug}/certificates", admin, rm.reviewCertificates),
		kit.Post("/connections/{slug}/certificates/trust", admin, rm.trustCertificates).AfterStepUp(),
		kit.Post("/connections/{slug}/certificates/remove", admin, rm.removeCertificate).AfterStepUp(),
		kit.Post("/connections/{slug}/certificates/refuse", admin, rm.refuseProposal),
		kit.Post("/connections/{slug}/certificates/check", admin, rm.checkMetadata),
		kit.Post("/connections/{slug}/certificates/policy", admin, rm.saveTrustPolicy).AfterStepUp(),
		kit.Post("/connections/{slug}/delete", admin, rm.deleteConnection).AfterStepUp(),
	}
}
