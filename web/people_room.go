package web

import (
	"github.com/postern-sso/postern/internal/model"
)

// peopleRoom is about users, groups and rules: one by one, many at once, and their privacy.
type peopleRoom struct {
	*kit
}

// newPeopleRoom makes the room.
func newPeopleRoom(k *kit) *peopleRoom { return &peopleRoom{kit: k} }

// routes are the pages of the room.
func (rm *peopleRoom) routes() []route {
	const (
		viewer = model.RoleViewer
		admin  = model.RoleAdmin
		owner  = model.RoleOwner
	)
	return []route{
		Get("/users", viewer, rm.listUsers),
		Get("/users/new", admin, rm.newUser),
		Post("/users", admin, rm.createUser),
		Get("/users/import", admin, rm.newImport),
		Post("/users/import", admin, rm.previewImport),
		Post("/users/import/confirm", admin, rm.confirmImport),
		Get("/users/{username}", viewer, rm.showUser),
		Post("/users/{username}", admin, rm.updateUser),
		Post("/users/{username}/activate", admin, rm.activateUser),
		Post("/users/{username}/deactivate", admin, rm.deactivateUser),
		Post("/users/{username}/groups", admin, rm.addUserToGroup),
		Post("/users/{username}/groups/remove", admin, rm.removeUserFromGroup),
		Post("/users/{username}/unlink", admin, rm.unlinkIdentity),
		Post("/users/{username}/password", admin, rm.setServicePassword).afterStepUp(),
		Post("/users/{username}/password/remove", admin, rm.removeServicePassword),
		Post("/users/{username}/delete", admin, rm.deleteUser).afterStepUp(),
		Post("/users/{username}/data", admin, rm.personData).afterStepUp(),
		Post("/users/{username}/erase", owner, rm.erasePerson).afterStepUp(),

		Get("/groups", viewer, rm.listGroups),
		Get("/groups/new", admin, rm.newGroup),
		Post("/groups", admin, rm.createGroup),
		Get("/groups/{name}", viewer, rm.showGroup),
		Post("/groups/{name}", admin, rm.updateGroup),
		Post("/groups/{name}/members", admin, rm.addMember),
		Post("/groups/{name}/members/remove", admin, rm.removeMember),
		Post("/groups/{name}/delete", admin, rm.deleteGroup),

		Get("/groups/{name}/bulk", admin, rm.showGroupBulk),
		Post("/groups/{name}/bulk", admin, rm.previewBulk),
		Post("/groups/{name}/bulk/confirm", admin, rm.confirmBulk),
		Post("/bulk", admin, rm.previewBulk),
		Post("/bulk/confirm", admin, rm.confirmBulk),
		Post("/bulk/{id}/undo", admin, rm.undoBulk),
		Get("/export/users", viewer, rm.exportUsers),
		Get("/export/groups/{name}", viewer, rm.exportMembers),
		Get("/suggest/groups", admin, rm.suggestGroups),

		Get("/rules", viewer, rm.listRules),
		Get("/rules/new", admin, rm.newRule),
		Post("/rules", admin, rm.createRule),
		Get("/rules/{name}", viewer, rm.showRule),
		Post("/rules/{name}", admin, rm.updateRule),
		Post("/rules/{name}/delete", admin, rm.deleteRule),

		Get("/logins/people/{name}", admin, rm.showName),
		Post("/logins/people/{name}/data", admin, rm.nameData).afterStepUp(),
		Post("/logins/people/{name}/erase", owner, rm.eraseName).afterStepUp(),
	}
}
