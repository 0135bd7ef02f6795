package logins

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/logins"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/forecast"
	"github.com/postern-sso/postern/web/kit"
)

// refusedPerson is a refused login whose person can be linked, and the user who
// has the name.
func (rm *Room) refusedPerson(r *http.Request) (model.Login, model.User, error) {
	l, err := rm.Store.Login(r.Context(), kit.PathValue(r, "id"))
	if err != nil {
		return l, model.User{}, err
	}
	if !store.CanLinkFrom(l) {
		return l, model.User{}, store.ErrNotFound
	}
	u, err := rm.Store.User(r.Context(), l.Person.Username)
	return l, u, err
}

func (rm *Room) showLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderLink(w, r, a, "")
}

// renderLink says what linking does: which link ends, and what stays.
func (rm *Room) renderLink(w http.ResponseWriter, r *http.Request, a model.Administrator, problem string) error {
	l, u, err := rm.refusedPerson(r)
	if err != nil {
		return err
	}
	own, err := rm.Store.Identities(r.Context(), u.ID)
	if err != nil {
		return err
	}
	own = slices.DeleteFunc(own, func(i model.Identity) bool { return i.Connection != l.Connection })
	v := logins.CurePage{LoginID: l.ID, Problem: problem, Button: "Link to " + u.Username, Replace: len(own) > 0, Action: paths.LoginAction(l.ID, "link"),
		Verdict: "The person of this login becomes the person behind " + u.Username + ".",
		Right:   ui.Side{Head: "Tried to sign in", Text: awsPerson(l.Person.NameID, l.Person.ExternalID), Note: l.Person.Email, Code: true},
		Left:    ui.Side{Head: "Linked to " + u.Username, Text: "Nobody yet", Note: u.Email},
		Does: []string{becomes(u),
			"The groups and everything else of " + u.Username + " stay as they are.",
			"It is written into the audit, with the link that it replaces.",
			fmt.Sprintf("The page of this login can undo it for %d days, unless the link changes in between.", model.UndoFor/kit.Day)},
	}
	if len(own) > 0 {
		v.Left.Text, v.Left.Code = awsPerson(own[0].NameID, own[0].ExternalID), true
		v.Does = append([]string{"The link that " + u.Username + " has on this connection ends, and that person in AWS does not get in any more. " +
			u.Username + "'s sessions end."}, v.Does...)
	}
	return rm.renderCure(w, r, a, "Link to "+u.Username, v)
}

func (rm *Room) renderCure(w http.ResponseWriter, r *http.Request, a model.Administrator, title string, v logins.CurePage) error {
	v.Page = rm.Page(r, a, layout.NavLogins, title, "")
	v.Page.Crumbs = []layout.Crumb{{Label: "Logins", Href: paths.Logins}, {Label: "Login " + v.LoginID, Href: paths.Login(v.LoginID)}}
	status := http.StatusOK
	if v.Problem != "" {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, logins.CurePreview(v))
}

// becomes says what a link to a user is good for.
func becomes(u model.User) string {
	if !u.Active {
		return "From then on this person in AWS is " + u.Username + " here. The user is deactivated: nobody gets in as " + u.Username +
			" until an administrator activates the user."
	}
	return "From then on this person in AWS is " + u.Username + " here, and signs in as " + u.Username + " while the connection is live."
}

// awsPerson is what tells one person in AWS from another.
func awsPerson(nameID, externalID string) string {
	if externalID != "" && externalID != nameID {
		return nameID + " · " + externalID
	}
	return nameID
}

func (rm *Room) linkPerson(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	l, u, err := rm.refusedPerson(r)
	if err != nil {
		return err
	}
	_, err = rm.Store.LinkFromLogin(r.Context(), rm.Actor(r, a), l.ID, u.Username, r.PostFormValue("replace") == "yes")
	if errors.Is(err, store.ErrExists) {
		if to, err := rm.Store.LinkedTo(r.Context(), l); err == nil && to.Username == u.Username {
			return rm.AlreadyDone(w, r, paths.Login(l.ID), "The person of this login was already linked to "+u.Username, model.AuditEntry{Actor: to.By, At: to.At})
		}
		return rm.renderLink(w, r, a, "That has changed meanwhile: the user or the person is linked to somebody else now. Look again what linking does.")
	}
	if err != nil {
		return err
	}
	rm.PutFlash(r, layout.Flash{Kind: "success", Text: u.Username + " is linked to the person of login " + l.ID + ".", Undo: paths.LoginAction(l.ID, "unlink")})
	return kit.SeeOther(w, r, paths.User(u.Username))
}

// deactivated is the user whom a login was refused for.
func (rm *Room) deactivated(r *http.Request) (model.Login, model.User, error) {
	l, err := rm.Store.Login(r.Context(), kit.PathValue(r, "id"))
	if err != nil {
		return l, model.User{}, err
	}
	if l.Refusal == nil || l.Refusal.Code != model.CodeUserDeactivated {
		return l, model.User{}, store.ErrNotFound
	}
	u, err := rm.Store.User(r.Context(), l.Refusal.Received)
	return l, u, err
}

func (rm *Room) showActivate(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	l, u, err := rm.deactivated(r)
	if err != nil {
		return err
	}
	v := logins.CurePage{LoginID: l.ID, Verdict: u.Username + " may sign in again.", Button: "Activate " + u.Username, Action: paths.LoginAction(l.ID, "activate"),
		Does: []string{"Apps that read the directory see the user as active again.", "It is written into the audit."}}
	if u.Active {
		v.Verdict, v.Action, v.Does = u.Username+" is active already.", "", nil
	}
	next, err := rm.nextIfActive(r.Context(), u)
	if err != nil {
		return err
	}
	v.Does = append(next, v.Does...)
	return rm.renderCure(w, r, a, "Activate "+u.Username, v)
}

// nextIfActive says how the next sign-in of a user through each live connection
// would end, if the user were active.
func (rm *Room) nextIfActive(ctx context.Context, u model.User) ([]string, error) {
	u.Active = true
	next, _, err := forecast.With(rm.Kit).NextOf(ctx, u)
	if err != nil {
		return nil, err
	}
	if len(next) == 0 {
		return []string{"No connection is live, so nobody signs in now."}, nil
	}
	says := make([]string, len(next))
	for i, s := range next {
		says[i] = "At the next sign-in: " + s.Clause() + "."
	}
	return says, nil
}

func (rm *Room) activate(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	l, u, err := rm.deactivated(r)
	if err != nil {
		return err
	}
	if u.Active {
		was, err := rm.Store.Standing(r.Context(), u.Username, store.StandingActivated)
		if err != nil {
			return err
		}
		did := u.Username + " is active already"
		if was.By != "" {
			did = u.Username + " was already activated"
		}
		return rm.AlreadyDone(w, r, paths.Login(l.ID), did, model.AuditEntry{Actor: was.By, At: was.At})
	}
	if _, err := rm.Store.UpdateUser(r.Context(), rm.Actor(r, a), u.Username, func(u *model.User) error { u.Active = true; return nil }); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Login(l.ID), u.Username+" is active again.")
}
