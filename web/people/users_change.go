package people

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/forms"
	"github.com/postern-sso/postern/web/kit"
)

func (rm *Room) createUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	f := forms.ReadUserForm(r)
	chosen := forms.Picked(r, "groups")
	if missing, err := rm.MissingGroups(r.Context(), chosen); err != nil {
		return err
	} else if len(missing) > 0 {
		f.Problems = append(f.Problems, kit.GroupsGone(missing))
	}
	if len(f.Problems) > 0 {
		return rm.renderNewUser(w, r, a, f, chosen)
	}
	u, err := rm.Store.CreateUser(r.Context(), rm.Actor(r, a), model.User{
		Username: f.Username, Email: f.Email, DisplayName: f.DisplayName, FirstName: f.FirstName, LastName: f.LastName,
		Active: true, Source: model.UserManual,
	}, chosen)
	if errors.Is(err, store.ErrExists) {
		f.Problems = append(f.Problems, forms.UsernameTaken(f.Username))
		return rm.renderNewUser(w, r, a, f, chosen)
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.User(u.Username), "User "+u.Username+" added.")
}

func (rm *Room) updateUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	kept, err := rm.keepOwned(r, u)
	if err != nil {
		return err
	}
	f := forms.ReadUserForm(r)
	f.Problems = append(kept, f.Problems...)
	if len(f.Problems) == 0 {
		changed, err := rm.Store.UpdateUser(r.Context(), rm.Actor(r, a), u.Username, func(u *model.User) error {
			u.Username, u.Email, u.DisplayName = f.Username, f.Email, f.DisplayName
			u.FirstName, u.LastName = f.FirstName, f.LastName
			return nil
		})
		if err == nil {
			return rm.Saved(w, r, paths.User(changed.Username), "")
		}
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		f.Problems = append(f.Problems, forms.UsernameTaken(f.Username))
	}
	return rm.renderUser(w, r, a, u, func(v *people.UserPage) { v.Form = f })
}

func (rm *Room) activateUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.setActive(w, r, a, true, "is active again.")
}

func (rm *Room) deactivateUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.setActive(w, r, a, false, "is deactivated. Every session in Postern has ended.")
}

func (rm *Room) setActive(w http.ResponseWriter, r *http.Request, a model.Administrator, active bool, said string) error {
	u, err := rm.Store.UpdateUser(r.Context(), rm.Actor(r, a), kit.PathValue(r, "username"), func(u *model.User) error {
		u.Active = active
		return nil
	})
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.User(u.Username), u.Username+" "+said)
}

func (rm *Room) addUserToGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", kit.ErrBadForm, err)
	}
	groups := forms.Picked(r, "group")
	missing, err := rm.MissingGroups(r.Context(), groups)
	if err != nil {
		return err
	}
	if len(groups) == 0 || len(missing) > 0 {
		join, err := forms.With(rm.Kit).GroupPicker(r.Context(), "group", "Add to groups", r.PostForm["group"], kit.Typed(r, ui.PickerTyped("group")))
		if err != nil {
			return err
		}
		return rm.renderUser(w, r, a, u, func(v *people.UserPage) {
			v.Join, v.JoinIssue = join, "Tick a group, or type the whole name of one."
			if len(missing) > 0 {
				v.JoinIssue = kit.GroupsGone(missing).Text
			}
		})
	}
	err = rm.Store.InTx(r.Context(), func(tx *store.Store) error {
		for _, g := range groups {
			if err := tx.AddMember(r.Context(), rm.Actor(r, a), g, u.Username); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.User(u.Username), addedTo(r, u.Username, groups))
}

// addedTo says which groups the request has added somebody to by hand, and which of
// those that were asked for they were in already.
func addedTo(r *http.Request, username string, groups []string) string {
	fresh := map[string]bool{}
	for _, e := range store.Noted(r.Context()) {
		if group, ok := strings.CutSuffix(e.Object, ": "+username); ok && e.Action == "membership.add" {
			fresh[model.Key(group)] = true
		}
	}
	var now, already []string
	for _, g := range groups {
		if fresh[model.Key(g)] {
			now = append(now, g)
		} else {
			already = append(already, g)
		}
	}
	said := username + " is in " + ui.List(now) + " now."
	if len(already) > 0 {
		said += " Nothing was changed for " + ui.List(already) + "."
	}
	return said
}

func (rm *Room) removeUserFromGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	group := kit.Typed(r, "group")
	if err := rm.Store.RemoveMember(r.Context(), rm.Actor(r, a), group, u.Username); err != nil {
		return err
	}
	return rm.Done(w, r, paths.User(u.Username), u.Username+" is no longer in "+group+" by hand.")
}

// unlinkIdentity cuts a user's link to AWS. The identity must be this user's.
func (rm *Room) unlinkIdentity(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	identities, err := rm.Store.Identities(r.Context(), u.ID)
	if err != nil {
		return err
	}
	id, _ := strconv.ParseInt(r.PostFormValue("identity"), 10, 64)
	for _, i := range identities {
		if i.ID == id {
			if err := rm.Store.UnlinkIdentity(r.Context(), rm.Actor(r, a), id); err != nil {
				return err
			}
			return rm.Done(w, r, paths.User(u.Username), i.NameID+" is not linked any more. What the next sign-in does is said below.")
		}
	}
	return store.GoneIdentity(u.Username, id)
}

func (rm *Room) deleteUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	if text := kit.Confirmed(r, u.Username); text != "" {
		return rm.renderUser(w, r, a, u, func(v *people.UserPage) { v.DeleteText = text })
	}
	if err := rm.Store.DeleteUser(r.Context(), rm.Actor(r, a), u.Username); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Users, "User "+u.Username+" deleted.")
}
