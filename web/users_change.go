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

func (s *Server) createUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	f := readUserForm(r)
	chosen := picked(r, "groups")
	if missing, err := s.missingGroups(r.Context(), chosen); err != nil {
		return err
	} else if len(missing) > 0 {
		f.Problems = append(f.Problems, groupsGone(missing))
	}
	if len(f.Problems) > 0 {
		return s.renderNewUser(w, r, a, f, chosen)
	}
	u, err := s.store.CreateUser(r.Context(), s.actor(r, a), model.User{
		Username: f.Username, Email: f.Email, DisplayName: f.DisplayName, FirstName: f.FirstName, LastName: f.LastName,
		Active: true, Source: model.UserManual,
	}, chosen)
	if errors.Is(err, store.ErrExists) {
		f.Problems = append(f.Problems, usernameTaken(f.Username))
		return s.renderNewUser(w, r, a, f, chosen)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, paths.User(u.Username), "User "+u.Username+" added.")
}

func (s *Server) updateUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := s.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	f := readUserForm(r)
	if len(f.Problems) == 0 {
		changed, err := s.store.UpdateUser(r.Context(), s.actor(r, a), u.Username, func(u *model.User) error {
			u.Username, u.Email, u.DisplayName = f.Username, f.Email, f.DisplayName
			u.FirstName, u.LastName = f.FirstName, f.LastName
			return nil
		})
		if err == nil {
			return s.done(w, r, paths.User(changed.Username), "Saved.")
		}
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		f.Problems = append(f.Problems, usernameTaken(f.Username))
	}
	return s.renderUser(w, r, a, u, func(v *console.UserPage) { v.Form = f })
}

func (s *Server) activateUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return s.setActive(w, r, a, true, "can sign in again.")
}

func (s *Server) deactivateUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return s.setActive(w, r, a, false, "is deactivated. Every session has ended.")
}

func (s *Server) setActive(w http.ResponseWriter, r *http.Request, a model.Administrator, active bool, said string) error {
	u, err := s.store.UpdateUser(r.Context(), s.actor(r, a), pathValue(r, "username"), func(u *model.User) error {
		u.Active = active
		return nil
	})
	if err != nil {
		return err
	}
	return s.done(w, r, paths.User(u.Username), u.Username+" "+said)
}

func (s *Server) addUserToGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := s.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errBadForm, err)
	}
	groups := picked(r, "group")
	missing, err := s.missingGroups(r.Context(), groups)
	if err != nil {
		return err
	}
	if len(groups) == 0 || len(missing) > 0 {
		join, err := s.groupPicker(r.Context(), "group", "Add to groups", r.PostForm["group"], typed(r, ui.PickerTyped("group")))
		if err != nil {
			return err
		}
		return s.renderUser(w, r, a, u, func(v *console.UserPage) {
			v.Join, v.JoinIssue = join, "Tick a group, or type the whole name of one."
			if len(missing) > 0 {
				v.JoinIssue = groupsGone(missing).Text
			}
		})
	}
	err = s.store.InTx(r.Context(), func(tx *store.Store) error {
		for _, g := range groups {
			if err := tx.AddMember(r.Context(), s.actor(r, a), g, u.Username); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.done(w, r, paths.User(u.Username), u.Username+" is in "+strings.Join(groups, ", ")+" now.")
}

func (s *Server) removeUserFromGroup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := s.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	group := typed(r, "group")
	if err := s.store.RemoveMember(r.Context(), s.actor(r, a), group, u.Username); err != nil {
		return err
	}
	return s.done(w, r, paths.User(u.Username), u.Username+" is no longer in "+group+" by hand.")
}

// unlinkIdentity cuts a user's link to AWS. The identity must be this user's.
func (s *Server) unlinkIdentity(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := s.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	identities, err := s.store.Identities(r.Context(), u.ID)
	if err != nil {
		return err
	}
	id, _ := strconv.ParseInt(r.PostFormValue("identity"), 10, 64)
	for _, i := range identities {
		if i.ID == id {
			if err := s.store.UnlinkIdentity(r.Context(), s.actor(r, a), id); err != nil {
				return err
			}
			return s.done(w, r, paths.User(u.Username), i.NameID+" is no longer linked. The next login links anew.")
		}
	}
	return store.ErrNotFound
}

func (s *Server) deleteUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := s.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	if text := confirmed(r, u.Username); text != "" {
		return s.renderUser(w, r, a, u, func(v *console.UserPage) { v.DeleteText = text })
	}
	if err := s.store.DeleteUser(r.Context(), s.actor(r, a), u.Username); err != nil {
		return err
	}
	return s.done(w, r, paths.Users, "User "+u.Username+" deleted.")
}
