package access

import (
	"errors"
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/access"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/person"
	"github.com/postern-sso/postern/web/kit"
)

// signInThroughAWS lets a person into the console whom AWS has signed in, where
// they are a member of the local group that the owners chose. Who is nobody yet
// goes to AWS first and comes back here.
func (rm *Room) signInThroughAWS(w http.ResponseWriter, r *http.Request) error {
	set, err := rm.Store.Settings(r.Context())
	if err != nil {
		return err
	}
	if set.ConsoleGroupID == 0 {
		return store.ErrNotFound
	}
	form := access.SignInForm{Next: kit.LocalPath(r.URL.Query().Get("next"))}
	if _, err := rm.CurrentAdministrator(r); err == nil { // a link does not sign anybody out
		return kit.SeeOther(w, r, paths.Overview)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	u, err := rm.CurrentPerson(r)
	if errors.Is(err, store.ErrNotFound) {
		return rm.sendThroughAWS(w, r, form.Next)
	}
	if err != nil {
		return err
	}
	ctx := r.Context()
	connection := rm.Persons.GetString(ctx, kit.KeyPersonConn)
	if _, err := rm.Store.ConsoleRole(ctx, u.ID, connection); errors.Is(err, store.ErrNotFound) {
		rm.Log.WarnContext(r.Context(), "console sign-in refused: no member of the group", "user", u.ID, "remote", rm.RemoteAddr(r))
		if err := rm.noteRefusedByGroup(r, u); err != nil {
			return err
		}
		form.Problems = []model.Problem{{Text: "AWS has signed you in as " + u.Username +
			", who may not use the console. An owner of Postern can add you, by hand, to the group whose members may."}}
		return rm.RenderSignIn(w, r, http.StatusForbidden, form)
	} else if err != nil {
		return err
	}
	a, err := rm.Store.AdministratorOfUser(ctx, model.Actor{Name: u.Username + " (through AWS)", RemoteAddr: rm.RemoteAddr(r)}, u)
	if err != nil {
		return err
	}
	rm.PutAWS(ctx, connection, rm.Persons.GetInt(ctx, kit.KeyPersonEpoch), rm.Persons.GetTime(ctx, kit.KeyPersonAt))
	return rm.afterFirstStep(w, r, a, model.ByAWS, form)
}

// noteRefusedByGroup puts it into the audit, once an hour: the link can be
// followed again and again. It is about the user, and goes when they are erased.
func (rm *Room) noteRefusedByGroup(r *http.Request, u model.User) error {
	const action = "user.console_refused"
	noted, _, err := rm.Store.Audit(r.Context(), store.AuditQuery{Action: action, Object: u.Username, Since: rm.Now().Add(-time.Hour), Page: store.Page{Limit: 1}})
	if err != nil || len(noted) > 0 {
		return err
	}
	return rm.Store.RecordAudit(r.Context(), model.Actor{Name: "nobody", RemoteAddr: rm.RemoteAddr(r)}, action, u.Username,
		"AWS signed them in, and they are in no group that may use the console.")
}

func (rm *Room) sendThroughAWS(w http.ResponseWriter, r *http.Request, next string) error {
	back := paths.WithQuery(paths.SignInAWS, "next", next)
	live, err := rm.OpenConnections(r)
	if err != nil {
		return err
	}
	if len(live) == 1 {
		return kit.SeeOther(w, r, paths.WithQuery(paths.SAMLLogin(live[0].Slug), "return", back))
	}
	return rm.Render(w, r, http.StatusOK, person.ChooseConnection("the console", live, back))
}

// goOnSignedIn offers a resumed form to somebody who has signed in in another tab
// meanwhile: AWS cannot take a form along.
func (rm *Room) goOnSignedIn(w http.ResponseWriter, r *http.Request) error {
	form := rm.signInForm(r)
	a, err := rm.CurrentAdministrator(r)
	if errors.Is(err, store.ErrNotFound) {
		form.Problems = []model.Problem{{Text: "Nobody is signed in to the console in this browser yet."}}
		return rm.RenderSignIn(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	if form.Resumed == nil {
		return kit.SeeOther(w, r, paths.Overview)
	}
	return rm.OfferResumed(w, r, a, *form.Resumed)
}
