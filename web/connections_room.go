package web

import (
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/setuplink"
)

// connectionsRoom is about connections that exist: their state, their certificates
// and their revisions.
type connectionsRoom struct {
	*kit
	links linkPanels
}

// linkPanels shows the setup links of a connection that is being edited; nil when
// there is nothing to hand over.
type linkPanels interface {
	ConnectionPanel(r *http.Request, a model.Administrator, c model.Connection) (*setuplink.Panel, error)
}

// newConnectionsRoom makes the room; links is the wizard's.
func newConnectionsRoom(k *kit, links linkPanels) *connectionsRoom {
	return &connectionsRoom{kit: k, links: links}
}

// routes are the pages of the room.
func (rm *connectionsRoom) routes() []route {
	const (
		viewer = model.RoleViewer
		admin  = model.RoleAdmin
	)
	return []route{
		Get("/connections", viewer, rm.listConnections),
		Get("/connections/{slug}", viewer, rm.showConnection),
		Post("/connections/{slug}/edit", admin, rm.editConnection),
		Post("/connections/{slug}/discard", admin, rm.discardDraft),
		Post("/connections/{slug}/suspend", admin, rm.suspendConnection),
		Post("/connections/{slug}/resume", admin, rm.resumeConnection).afterStepUp(),
		Get("/connections/{slug}/replay", admin, rm.replayLogins),
		Get("/connections/{slug}/restore", admin, rm.reviewRestore),
		Get("/connections/{slug}/restore/people", admin, rm.restoreList),
		Post("/connections/{slug}/restore", admin, rm.restoreRevision).afterStepUp(),
		Get("/connections/{slug}/certificates", viewer, rm.showCertificates),
		Post("/connections/{slug}/certificates", admin, rm.reviewCertificates),
		Post("/connections/{slug}/certificates/trust", admin, rm.trustCertificates).afterStepUp(),
		Post("/connections/{slug}/certificates/remove", admin, rm.removeCertificate),
		Post("/connections/{slug}/certificates/check", admin, rm.checkMetadata),
		Post("/connections/{slug}/certificates/policy", admin, rm.saveTrustPolicy).afterStepUp(),
		Post("/connections/{slug}/delete", admin, rm.deleteConnection).afterStepUp(),
	}
}
