package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/person"
)

// signInThroughAWS lets a person into the console whom AWS has signed in, where
// they are a member of the local group that the owners chose. Who is nobody yet
// goes to AWS first and comes back here.
func (rm *accessRoom) signInThroughAWS(w http.ResponseWriter, r *http.Request) error {
	set, err := rm.store.Settings(r.Context())
	if err != nil {
		return err
	}
	if set.ConsoleGroupID == 0 {
		return store.ErrNotFound
	}
	form := person.SignInForm{Next: localPath(r.URL.Query().Get("next"))}
	if _, err := rm.currentAdministrator(r); err == nil { // a link does not sign anybody out
		return seeOther(w, r, paths.Overview)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	u, err := rm.currentPerson(r)
	if errors.Is(err, store.ErrNotFound) {
		return rm.sendThroughAWS(w, r, form.Next)
	}
	if err != nil {
		return err
	}
	ctx := r.Context()
	connection := rm.persons.GetString(ctx, keyPersonConn)
	if _, err := rm.store.ConsoleRole(ctx, u.ID, connection); errors.Is(err, store.ErrNotFound) {
		rm.log.WarnContext(r.Context(), "console sign-in refused: no member of the group", "user", u.ID, "remote", rm.remoteAddr(r))
		if err := rm.noteRefusedByGroup(r, u); err != nil {
			return err
		}
		form.Problems = []model.Problem{{Text: "AWS has signed you in as " + u.Username +
			", who may not use the console. An owner of Postern can add you, by hand, to the group whose members may."}}
		return rm.RenderSignIn(w, r, http.StatusForbidden, form)
	} else if err != nil {
		return err
	}
	a, err := rm.store.AdministratorOfUser(ctx, model.Actor{Name: u.Username + " (through AWS)", RemoteAddr: rm.remoteAddr(r)}, u)
	if err != nil {
		return err
	}
	rm.putAWS(ctx, connection, rm.persons.GetInt(ctx, keyPersonEpoch), rm.persons.GetTime(ctx, keyPersonAt))
	return rm.afterFirstStep(w, r, a, model.ByAWS, form)
}

// noteRefusedByGroup puts it into the audit, once an hour: the link can be
// followed again and again. It is about the user, and goes when they are erased.
func (rm *accessRoom) noteRefusedByGroup(r *http.Request, u model.User) error {
	const action = "user.console_refused"
	noted, _, err := rm.store.Audit(r.Context(), store.AuditQuery{Action: action, Object: u.Username, Since: rm.now().Add(-time.Hour), Page: store.Page{Limit: 1}})
	if err != nil || len(noted) > 0 {
		return err
	}
	return rm.store.RecordAudit(r.Context(), model.Actor{Name: "nobody", RemoteAddr: rm.remoteAddr(r)}, action, u.Username,
		"AWS signed them in, and they are in no group that may use the console.")
}

func (rm *accessRoom) sendThroughAWS(w http.ResponseWriter, r *http.Request, next string) error {
	back := paths.WithQuery(paths.SignInAWS, "next", next)
	live, err := rm.openConnections(r)
	if err != nil {
		return err
	}
	if len(live) == 1 {
		return seeOther(w, r, paths.WithQuery(paths.SAMLLogin(live[0].Slug), "return", back))
	}
	return rm.render(w, r, http.StatusOK, person.ChooseConnection("the console", live, back))
}

// goOnSignedIn offers a resumed form to somebody who has signed in in another tab
// meanwhile: AWS cannot take a form along.
func (rm *accessRoom) goOnSignedIn(w http.ResponseWriter, r *http.Request) error {
	form := rm.signInForm(r)
	a, err := rm.currentAdministrator(r)
	if errors.Is(err, store.ErrNotFound) {
		form.Problems = []model.Problem{{Text: "Nobody is signed in to the console in this browser yet."}}
		return rm.RenderSignIn(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	if form.Resumed == nil {
		return seeOther(w, r, paths.Overview)
	}
	return rm.offerResumed(w, r, a, *form.Resumed)
}
