// Package people is the room of users, groups and rules: one by one, many at
// once, and their privacy.
package people

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// Room is about users, groups and rules: one by one, many at once, and their privacy.
type Room struct {
	*kit.Kit
}

// New makes the room.
func New(k *kit.Kit) *Room { return &Room{Kit: k} }

// Routes are the pages of the room.
func (rm *Room) Routes() []kit.Route {
	const (
		viewer = model.RoleViewer
		admin  = model.RoleAdmin
		owner  = model.RoleOwner
	)
	return []kit.Route{
		kit.Get("/users", viewer, rm.listUsers),
		kit.Get("/users/new", admin, rm.newUser),
		kit.Post("/users", admin, rm.createUser),
		kit.Get("/users/import", admin, rm.newImport),
		kit.Post("/users/import", admin, rm.previewImport),
		kit.Post("/users/import/confirm", admin, rm.confirmImport),
		kit.Post("/users/import/mend", admin, rm.mendImport),
		kit.Get("/users/{username}", viewer, rm.showUser),
		kit.Post("/users/{username}", admin, rm.updateUser),
		kit.Post("/users/{username}/activate", admin, rm.activateUser),
		kit.Post("/users/{username}/deactivate", admin, rm.deactivateUser),
		kit.Post("/users/{username}/pins", admin, rm.pin),
		kit.Post("/users/{username}/pins/remove", admin, rm.unpin),
		kit.Post("/users/{username}/groups", admin, rm.addUserToGroup),
		kit.Post("/users/{username}/groups/remove", admin, rm.removeUserFromGroup),
		kit.Post("/users/{username}/unlink", admin, rm.unlinkIdentity),
		kit.Post("/users/{username}/allow-link", admin, rm.allowLink),
		kit.Post("/users/{username}/take-back-link", admin, rm.takeBackLink),
		kit.Post("/users/{username}/password", admin, rm.setServicePassword).AfterStepUp(),
		kit.Post("/users/{username}/password/remove", admin, rm.removeServicePassword),
		kit.Post("/users/{username}/delete", admin, rm.deleteUser).AfterStepUp(),
		kit.Post("/users/{username}/data", admin, rm.personData).AfterStepUp(),
		kit.Post("/users/{username}/erase", owner, rm.erasePerson).AfterStepUp(),

		kit.Get("/groups", viewer, rm.listGroups),
		kit.Get("/groups/new", admin, rm.newGroup),
		kit.Post("/groups", admin, rm.createGroup),
		kit.Get("/groups/{name}", viewer, rm.showGroup),
		kit.Post("/groups/{name}", admin, rm.updateGroup),
		kit.Post("/groups/{name}/members", admin, rm.addMember),
		kit.Post("/groups/{name}/members/remove", admin, rm.removeMember),
		kit.Post("/groups/{name}/delete", admin, rm.deleteGroup),

		kit.Get("/groups/{name}/bulk", admin, rm.showGroupBulk),
		kit.Post("/groups/{name}/bulk", admin, rm.previewBulk),
		kit.Post("/groups/{name}/bulk/confirm", admin, rm.confirmBulk),
		kit.Post("/bulk", admin, rm.previewBulk),
		kit.Post("/bulk/confirm", admin, rm.confirmBulk),
		kit.Post("/bulk/{id}/undo", admin, rm.undoBulk),
		kit.Get("/link", admin, rm.showLink),
		kit.Post("/link", admin, rm.previewLink),
		kit.Post("/link/confirm", admin, rm.confirmLink).AfterStepUp(),
		kit.Post("/link/{act}/undo", admin, rm.undoLink),
		kit.Get("/export/users", viewer, rm.exportUsers),
		kit.Get("/export/groups/{name}", viewer, rm.exportMembers),
		kit.Get("/aws-groups", viewer, rm.listAWSGroups),
		kit.Post("/aws-groups", admin, rm.nameAWSGroups),
		kit.Post("/aws-groups/import", admin, rm.importAWSGroups),
		kit.Get("/leavers", viewer, rm.listLeavers),
		kit.Get("/export/leavers", viewer, rm.exportLeavers),
		kit.Post("/leavers/deactivate", admin, rm.previewLeavers),
		kit.Post("/leavers/{username}/adopt", admin, rm.adoptLeaver),
		kit.Get("/suggest/groups", admin, rm.suggestGroups),

		kit.Get("/rules", viewer, rm.listRules),
		kit.Get("/rules/new", admin, rm.newRule),
		kit.Post("/rules", admin, rm.createRule),
		kit.Get("/rules/{name}", viewer, rm.showRule),
		kit.Post("/rules/{name}", admin, rm.updateRule),
		kit.Post("/rules/{name}/delete", admin, rm.deleteRule),

		kit.Get("/logins/people/{name}", admin, rm.showName),
		kit.Post("/logins/people/{name}/data", admin, rm.nameData).AfterStepUp(),
		kit.Post("/logins/people/{name}/erase", owner, rm.eraseName).AfterStepUp(),
	}
}
