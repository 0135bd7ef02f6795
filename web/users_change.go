package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
)

// maxNameLength is the limit of display, first and last names, in characters.
const maxNameLength = 255

// readUserForm reads and judges what somebody typed about a user.
func readUserForm(r *http.Request) console.UserForm {
	f := console.UserForm{
		Username: typed(r, "username"), Email: typed(r, "email"), DisplayName: typed(r, "display_name"),
		FirstName: typed(r, "first_name"), LastName: typed(r, "last_name"),
	}
	if err := model.CheckUsername(f.Username); err != nil {
		f.Problems = append(f.Problems, problem("username", "The username", err))
	}
	if f.Email != "" {
		if err := model.CheckEmail(f.Email); err != nil {
			f.Problems = append(f.Problems, problem("email", "The email", err))
		}
	}
	f.Problems = append(f.Problems, checkText("display_name", "The display name", f.DisplayName, maxNameLength)...)
	f.Problems = append(f.Problems, checkText("first_name", "The first name", f.FirstName, maxNameLength)...)
	f.Problems = append(f.Problems, checkText("last_name", "The last name", f.LastName, maxNameLength)...)
	return f
}

func usernameTaken(name string) model.Problem {
	return model.Problem{Field: "username", Text: fmt.Sprintf("There is a user “%s” already. Capital letters make no difference.", name)}
}

func (rm *peopleRoom) createUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	f := readUserForm(r)
	chosen := picked(r, "groups")
	if missing, err := rm.missingGroups(r.Context(), chosen); err != nil {
		return err
	} else if len(missing) > 0 {
		f.Problems = append(f.Problems, groupsGone(missing))
	}
	if len(f.Problems) > 0 {
		return rm.renderNewUser(w, r, a, f, chosen)
	}
	u, err := rm.store.CreateUser(r.Context(), rm.actor(r, a), model.User{
		Username: f.Username, Email: f.Email, DisplayName: f.DisplayName, FirstName: f.FirstName, LastName: f.LastName,
		Active: true, Source: model.UserManual,
	}, chosen)
	if errors.Is(err, store.ErrExists) {
		f.Problems = append(f.Problems, usernameTaken(f.Username))
		return rm.renderNewUser(w, r, a, f, chosen)
	}
	if err != nil {
		return err
	}
	return rm.done(w, r, paths.User(u.Username), "User "+u.Username+" added.")
}

func (rm *peopleRoom) updateUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	f := readUserForm(r)
	if len(f.Problems) == 0 {
		changed, err := rm.store.UpdateUser(r.Context(), rm.actor(r, a), u.Username, func(u *model.User) error {
			u.Username, u.Email, u.DisplayName = f.Username, f.Email, f.DisplayName
			u.FirstName, u.LastName = f.FirstName, f.LastName
			return nil
		})
		if err == nil {
			return rm.done(w, r, paths.User(changed.Username), "Saved.")
		}
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		f.Problems = append(f.Problems, usernameTaken(f.Username))
	}
	return rm.renderUser(w, r, a, u, func(v *console.UserPage) { v.Form = f })
}

func (rm *peopleRoom) activateUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.setActive(w, r, a, true, "can sign in again.")
}

func (rm *peopleRoom) deactivateUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.setActive(w, r, a, false, "is deactivated. Every session has ended.")
}

func (rm *peopleRoom) setActive(w http.ResponseWriter, r *http.Request, a model.Administrator, active bool, said string) error {
	u, err := rm.store.UpdateUser(r.Context(), rm.actor(r, a), pathValue(r, "username"), func(u *model.User) error {
		u.Active = active
		return nil
	})
	if err != nil {
		return err
	}
	return rm.done(w, r, paths.User(u.Username), u.Username+" "+said)
}

func (rm *peopleRoom) addUserToGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errBadForm, err)
	}
	groups := picked(r, "group")
	missing, err := rm.missingGroups(r.Context(), groups)
	if err != nil {
		return err
	}
	if len(groups) == 0 || len(missing) > 0 {
		join, err := onForms(rm.kit).groupPicker(r.Context(), "group", "Add to groups", r.PostForm["group"], typed(r, ui.PickerTyped("group")))
		if err != nil {
			return err
		}
		return rm.renderUser(w, r, a, u, func(v *console.UserPage) {
			v.Join, v.JoinIssue = join, "Tick a group, or type the whole name of one."
			if len(missing) > 0 {
				v.JoinIssue = groupsGone(missing).Text
			}
		})
	}
	err = rm.store.InTx(r.Context(), func(tx *store.Store) error {
		for _, g := range groups {
			if err := tx.AddMember(r.Context(), rm.actor(r, a), g, u.Username); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return rm.done(w, r, paths.User(u.Username), u.Username+" is in "+strings.Join(groups, ", ")+" now.")
}

func (rm *peopleRoom) removeUserFromGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	group := typed(r, "group")
	if err := rm.store.RemoveMember(r.Context(), rm.actor(r, a), group, u.Username); err != nil {
		return err
	}
	return rm.done(w, r, paths.User(u.Username), u.Username+" is no longer in "+group+" by hand.")
}

// unlinkIdentity cuts a user's link to AWS. The identity must be this user's.
func (rm *peopleRoom) unlinkIdentity(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	identities, err := rm.store.Identities(r.Context(), u.ID)
	if err != nil {
		return err
	}
	id, _ := strconv.ParseInt(r.PostFormValue("identity"), 10, 64)
	for _, i := range identities {
		if i.ID == id {
			if err := rm.store.UnlinkIdentity(r.Context(), rm.actor(r, a), id); err != nil {
				return err
			}
			return rm.done(w, r, paths.User(u.Username), i.NameID+" is no longer linked. The next login links anew.")
		}
	}
	return store.ErrNotFound
}

func (rm *peopleRoom) deleteUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	if text := confirmed(r, u.Username); text != "" {
		return rm.renderUser(w, r, a, u, func(v *console.UserPage) { v.DeleteText = text })
	}
	if err := rm.store.DeleteUser(r.Context(), rm.actor(r, a), u.Username); err != nil {
		return err
	}
	return rm.done(w, r, paths.Users, "User "+u.Username+" deleted.")
}
