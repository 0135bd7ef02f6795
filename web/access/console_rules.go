package access

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/access"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// consoleRules is the form of how administrators sign in, as it is saved.
func consoleRules(set store.Settings) access.ConsoleRules {
	v := access.ConsoleRules{Group: set.ConsoleGroup, Role: set.ConsoleRole, RequirePasskey: set.RequirePasskey}
	if v.Role == "" {
		v.Role = model.RoleViewer
	}
	return v
}

// addConsoleRules completes the page of the administrators: the rules as they are
// typed or saved, who may still come through AWS, and who has a passkey.
func (rm *Room) addConsoleRules(r *http.Request, v *access.AdministratorList) error {
	set, err := rm.Store.Settings(r.Context())
	if err != nil {
		return err
	}
	if v.Rules == nil {
		saved := consoleRules(set)
		g, err := rm.Store.GroupByID(r.Context(), set.ConsoleGroupID)
		if err == nil {
			saved.Group = g.Name
		}
		saved.GroupGone = set.ConsoleGroupID != 0 && errors.Is(err, store.ErrNotFound)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		v.Rules = &saved
	}
	v.InGroup, v.WithPasskey = map[int64]bool{}, map[int64]bool{}
	for _, a := range v.Administrators {
		if v.WithPasskey[a.ID], err = rm.Store.HasPasskey(r.Context(), a.ID); err != nil {
			return err
		}
		if !a.ThroughAWS() {
			continue
		}
		_, err := rm.Store.ConsoleRole(r.Context(), a.UserID, "")
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		v.InGroup[a.ID] = err == nil
	}
	return nil
}

// saveConsoleRules says whether members of a group come in through AWS, and
// whether everybody needs a passkey.
func (rm *Room) saveConsoleRules(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v := access.ConsoleRules{Group: kit.Typed(r, "console_group"), Role: model.Role(r.PostFormValue("console_role")),
		RequirePasskey: r.PostFormValue("require_passkey") != ""}
	var group model.Group
	var err error
	if v.Group != "" {
		group, err = rm.Store.Group(r.Context(), v.Group)
	}
	if errors.Is(err, store.ErrNotFound) {
		v.Problems = append(v.Problems, model.Problem{Field: "console_group", Text: "There is no group “" + v.Group +
			"”. Type the name of one of your groups, or nothing."})
	} else if err != nil {
		return err
	}
	if v.Role != model.RoleAdmin && v.Role != model.RoleViewer {
		v.Role = model.RoleViewer
		v.Problems = append(v.Problems, model.Problem{Field: "console_role", Text: "Choose a role from the list. Nobody becomes owner through AWS."})
	}
	has, err := rm.Store.HasPasskey(r.Context(), a.ID)
	if err != nil {
		return err
	}
	if v.RequirePasskey && !has {
		v.Problems = append(v.Problems, model.Problem{Field: "require_passkey", Text: "Register a passkey of your own first, so that you see that it works here."})
	}
	if len(v.Problems) > 0 {
		return rm.renderAdministrators(w, r, a, access.AdministratorList{Rules: &v})
	}
	err = rm.Store.SaveSettings(r.Context(), rm.Actor(r, a), func(set *store.Settings) error {
		set.ConsoleGroupID, set.ConsoleGroup, set.ConsoleRole, set.RequirePasskey = group.ID, group.Name, v.Role, v.RequirePasskey
		if group.ID == 0 {
			set.ConsoleRole = ""
		}
		return nil
	})
	if err != nil {
		return err
	}
	return rm.Saved(w, r, paths.Administrators, "It holds from now on, also for who is signed in.")
}
