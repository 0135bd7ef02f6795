package access

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/access"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

const lastOwner = "This is the last owner. Make somebody else an owner first, so that the console does not lock everybody out."

func (rm *Room) listAdministrators(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderAdministrators(w, r, a, access.AdministratorList{})
}

func (rm *Room) renderAdministrators(w http.ResponseWriter, r *http.Request, a model.Administrator, v access.AdministratorList) error {
	all, err := rm.Store.Administrators(r.Context())
	if err != nil {
		return err
	}
	v.Administrators = all
	if err := rm.addConsoleRules(r, &v); err != nil {
		return err
	}
	v.Page = rm.Page(r, a, layout.NavAdministrators, "Administrators",
		"Who may use this console. Accounts of Postern's own work when AWS sign-in does not.")
	if v.Form.Role == "" {
		v.Form.Role = model.RoleAdmin
	}
	status := http.StatusOK
	if len(v.Problems)+len(v.Form.Problems)+len(v.Own)+len(v.Rules.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, access.Administrators(v))
}

// createAdministrator adds one. A password that was made here is shown on the
// answer itself, because it must not be kept anywhere, not even for a redirect.
func (rm *Room) createAdministrator(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	f := access.AdministratorForm{Email: kit.Typed(r, "email"), Role: model.Role(r.PostFormValue("role"))}
	if err := model.CheckEmail(f.Email); err != nil {
		f.Problems = append(f.Problems, kit.Problem("email", "The email", err))
	}
	if !validRole(f.Role) {
		f.Problems = append(f.Problems, model.Problem{Field: "role", Text: "Choose a role from the list."})
	}
	password, made := r.PostFormValue("password"), false
	if password == "" {
		password, made = makePassword(), true
	} else if text := CheckPassword(password, f.Email); text != "" {
		f.Problems = append(f.Problems, model.Problem{Field: "password", Text: text})
	}
	if len(f.Problems) > 0 {
		return rm.renderAdministrators(w, r, a, access.AdministratorList{Form: f})
	}
	hash, err := HashPassword(r.Context(), password)
	if err != nil {
		return err
	}
	_, err = rm.Store.CreateAdministrator(r.Context(), rm.Actor(r, a), model.Administrator{
		Email: f.Email, Role: f.Role, PasswordHash: hash,
	})
	if errors.Is(err, store.ErrExists) {
		f.Problems = append(f.Problems, model.Problem{Field: "email", Text: fmt.Sprintf("“%s” is an administrator already.", f.Email)})
		return rm.renderAdministrators(w, r, a, access.AdministratorList{Form: f})
	}
	if err != nil {
		return err
	}
	if !made {
		return rm.Done(w, r, paths.Administrators, f.Email+" can sign in now.")
	}
	return rm.renderAdministrators(w, r, a, access.AdministratorList{
		Made: &access.MadePassword{Email: f.Email, Password: password},
	})
}

func validRole(role model.Role) bool {
	switch role {
	case model.RoleOwner, model.RoleAdmin, model.RoleViewer:
		return true
	default:
		return false
	}
}

// makePassword is 100 random bits, in groups that can be read out.
func makePassword() string {
	text := strings.ToLower(rand.Text())
	return strings.Join([]string{text[:5], text[5:10], text[10:15], text[15:20]}, "-")
}

// administratorID is the one that the address names; store.ErrNotFound where it
// is no number.
func administratorID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(kit.PathValue(r, "id"), 10, 64)
	if err != nil {
		return 0, store.ErrNotFound
	}
	return id, nil
}

// ownAdministrator is an account of Postern's own; store.ErrNotFound for one that
// comes through AWS: nothing of those is changed here.
func (rm *Room) ownAdministrator(r *http.Request, id int64) (model.Administrator, error) {
	a, err := rm.Store.Administrator(r.Context(), id)
	if err == nil && a.ThroughAWS() {
		err = store.ErrNotFound
	}
	return a, err
}

func (rm *Room) changeRole(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	id, err := administratorID(r)
	if err != nil {
		return err
	}
	other, err := rm.ownAdministrator(r, id)
	if err != nil {
		return err
	}
	role := model.Role(r.PostFormValue("role"))
	if !validRole(role) {
		return rm.refuseAdministrator(w, r, a, "Choose a role from the list.")
	}
	if role == other.Role {
		return rm.Inform(w, r, paths.Administrators, "Nothing was changed: "+other.Email+" has that role already.")
	}
	err = rm.Store.UpdateAdministrator(r.Context(), rm.Actor(r, a), id, func(other *model.Administrator) error {
		other.Role = role
		return nil
	})
	if errors.Is(err, store.ErrLastOwner) {
		return rm.refuseAdministrator(w, r, a, lastOwner)
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Administrators, "The role of "+other.Email+" is changed.")
}

func (rm *Room) deleteAdministrator(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	id, err := administratorID(r)
	if err != nil {
		return err
	}
	other, err := rm.ownAdministrator(r, id)
	if err != nil {
		return err
	}
	err = rm.Store.DeleteAdministrator(r.Context(), rm.Actor(r, a), id)
	if errors.Is(err, store.ErrLastOwner) {
		return rm.refuseAdministrator(w, r, a, lastOwner)
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Administrators, other.Email+" is removed.")
}

func (rm *Room) refuseAdministrator(w http.ResponseWriter, r *http.Request, a model.Administrator, text string) error {
	return rm.renderAdministrators(w, r, a, access.AdministratorList{Problems: []model.Problem{{Text: text}}})
}

// changeOwnPassword asks for the present password, so that an unattended
// browser is not enough to take an account over.
func (rm *Room) changeOwnPassword(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	if a.ThroughAWS() {
		return kit.ErrForbidden
	}
	var problems []model.Problem
	guess, wait, err := rm.beginTry(r, a)
	if err != nil || wait > 0 {
		return rm.refuseBlocked(w, r, access.SignInForm{Email: a.Email}, wait, err)
	}
	right, err := rm.checkPassword(r, a, r.PostFormValue("present_password"))
	if err == nil && right {
		err = rm.tryWorked(r, guess)
	}
	if err != nil {
		return err
	}
	if !right {
		if err := rm.tryFailed(r, guess); err != nil {
			return err
		}
		problems = append(problems, model.Problem{Field: "present_password", Text: "This is not your present password."})
	}
	password := r.PostFormValue("new_password")
	if text := CheckPassword(password, a.Email); text != "" {
		problems = append(problems, model.Problem{Field: "new_password", Text: text})
	} else if password != r.PostFormValue("repeat_password") {
		problems = append(problems, model.Problem{Field: "repeat_password", Text: "The two new passwords differ. Type the same one twice."})
	}
	if len(problems) > 0 {
		return rm.renderAdministrators(w, r, a, access.AdministratorList{Own: problems})
	}
	hash, err := HashPassword(r.Context(), password)
	if err != nil {
		return err
	}
	err = rm.Store.UpdateAdministrator(r.Context(), rm.Actor(r, a), a.ID, func(own *model.Administrator) error {
		own.PasswordHash = hash
		return nil
	})
	if err != nil {
		return err
	}
	// The change ends every session, this one included: begin a new one here. It is
	// as recent as the old one was: a password alone proves less than a passkey.
	proved := rm.Admins.GetTime(r.Context(), kit.KeyAdminSteppedUp)
	own, err := rm.Store.Administrator(r.Context(), a.ID)
	if err != nil {
		return err
	}
	if err := rm.StartAdminSession(w, r, own, model.ByPassword); err != nil {
		return err
	}
	rm.Admins.Put(r.Context(), kit.KeyAdminSteppedUp, proved)
	return rm.Done(w, r, paths.Administrators, "Your password is changed. Your other sessions have ended.")
}
