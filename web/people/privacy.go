package people

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/kit"
)

// personData hands out everything that is stored about a user. It is a POST: the
// audit says who asked.
func (rm *Room) personData(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	d, err := rm.Store.PersonData(r.Context(), rm.Actor(r, a), kit.PathValue(r, "username"))
	return sendPersonData(w, d, err)
}

func sendPersonData(w http.ResponseWriter, d store.PersonData, err error) error {
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="person.json"`)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

// erasePerson forgets who a user was.
func (rm *Room) erasePerson(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	if text := kit.Confirmed(r, u.Username); text != "" {
		return rm.renderUser(w, r, a, u, func(v *people.UserPage) { v.EraseText = text })
	}
	alias, err := rm.Store.ErasePerson(r.Context(), rm.Actor(r, a), u.Username)
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Users, erasedText(alias))
}

func erasedText(alias string) string {
	return "Erased. Logins and the audit now say " + alias + " in place of the name."
}

// showName offers the same for a name that no user has: of somebody who was
// refused, or who was deleted.
func (rm *Room) showName(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderName(w, r, a, "")
}

// renderName leads to the user where one has the name.
func (rm *Room) renderName(w http.ResponseWriter, r *http.Request, a model.Administrator, eraseText string) error {
	name := model.Canonical(kit.PathValue(r, "name"))
	u, err := rm.Store.User(r.Context(), name)
	if err == nil {
		return kit.SeeOther(w, r, paths.User(u.Username))
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if known, err := rm.Store.NameKnown(r.Context(), name); err != nil || !known {
		return cmp.Or(err, store.ErrNotFound)
	}
	v := people.NamePage{Page: rm.Page(r, a, layout.NavLogins, name, "No user is called this. What is stored about the name, from logins that were refused or "+
		"from before a user was deleted."),
		Name: name, EraseText: eraseText}
	v.Page.Crumbs = []layout.Crumb{{Label: "Logins", Href: paths.Logins}}
	heir, err := rm.Store.HeirOf(r.Context(), name)
	if err == nil {
		v.Heir = heir.Username
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	status := http.StatusOK
	if eraseText != "" {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, people.Name(v))
}

// nameData hands out what is stored about the name.
func (rm *Room) nameData(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	d, err := rm.Store.NameData(r.Context(), rm.Actor(r, a), kit.PathValue(r, "name"))
	if errors.Is(err, store.ErrExists) { // a user has it by now: their page has more
		return rm.renderName(w, r, a, "")
	}
	return sendPersonData(w, d, err)
}

// eraseName forgets who had the name.
func (rm *Room) eraseName(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	name := kit.PathValue(r, "name")
	if text := kit.Confirmed(r, name); text != "" {
		return rm.renderName(w, r, a, text)
	}
	alias, err := rm.Store.EraseName(r.Context(), rm.Actor(r, a), name)
	if errors.Is(err, store.ErrExists) {
		return rm.renderName(w, r, a, "")
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Logins, erasedText(alias))
}
