package logins

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/logins"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// madeLink is a refused login and the link that was made from it.
func (rm *Room) madeLink(r *http.Request) (model.Login, store.LinkMade, error) {
	l, err := rm.Store.Login(r.Context(), kit.PathValue(r, "id"))
	if err != nil {
		return l, store.LinkMade{}, err
	}
	made, err := rm.Store.LinkMadeFrom(r.Context(), l, rm.Now())
	return l, made, err
}

// showUnlink says what undoing the link does that the login's page made.
func (rm *Room) showUnlink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	l, made, err := rm.madeLink(r)
	if err != nil {
		return err
	}
	v := logins.CurePage{LoginID: l.ID, Button: "Undo the link", Action: paths.LoginAction(l.ID, "unlink"),
		Verdict: "The person of this login is not " + made.Username + " any more.",
		Left:    ui.Side{Head: "Linked now", Text: awsPerson(made.Linked.NameID, made.Linked.ExternalID), Code: true},
		Right:   ui.Side{Head: "Linked afterwards", Text: "Nobody"},
		Does: []string{"This person in AWS does not get in as " + made.Username + " any more. The sessions of " + made.Username + " end.",
			"It is written into the audit."},
	}
	if n := len(made.Replaced); n > 0 {
		v.Right.Text, v.Right.Code = awsPerson(made.Replaced[0].NameID, made.Replaced[0].ExternalID), true
		v.Does = append(v.Does, "The link that was there before comes back: that person in AWS is "+made.Username+" again.")
	}
	return rm.renderCure(w, r, a, "Undo the link to "+made.Username, v)
}

// unlinkPerson undoes it. The login's page links the person again.
func (rm *Room) unlinkPerson(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	l, made, err := rm.madeLink(r)
	if errors.Is(err, store.ErrNotFound) && l.ID != "" {
		if e, err := rm.Store.WhoUndidLink(r.Context(), l); err == nil {
			return rm.AlreadyDone(w, r, paths.Login(l.ID), "The link of this login's person was already undone", e)
		}
	}
	if err != nil {
		return err
	}
	u, err := rm.Store.UndoLink(r.Context(), rm.Actor(r, a), made.AuditID, rm.Now())
	if errors.Is(err, store.ErrConflict) {
		rm.PutFlash(r, layout.Flash{Kind: "warning",
			Text: "Nothing was undone: the link has changed meanwhile, or another user is linked to the person who was linked before."})
		return kit.SeeOther(w, r, paths.Login(l.ID))
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Login(l.ID), "Undone: the person of this login is not linked to "+u.Username+" any more.")
}
