package person

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/person"
	"github.com/postern-sso/postern/web/kit"
)

// newProvider is the OpenID Connect provider under the present public URL.
func (rm *Room) newProvider() (*oidc.Provider, error) {
	return oidc.New(oidc.Options{
		Store: rm.Store, Sealer: rm.Sealer, Logger: rm.Log, Issuer: rm.Opts.PublicURL, Now: rm.Now,
		TrialPath: func(app string) string { return paths.AppAction(app, "tested") },
		Part:      rm.Opts.Metrics.Part, RemoteAddr: rm.RemoteAddr, ShowProblem: rm.showProblem, ShowForm: rm.showForm,
	})
}

// showProblem is the page for a request from an app that leads nowhere.
func (rm *Room) showProblem(w http.ResponseWriter, r *http.Request, p oidc.Problem) {
	switch p.Kind {
	case oidc.ProblemUnknownApp:
		rm.FailPage(w, r, http.StatusBadRequest, person.UnknownApp())
	case oidc.ProblemRedirectURI:
		rm.FailPage(w, r, http.StatusBadRequest, person.WrongAddress(p.App, p.RedirectURI))
	case oidc.ProblemInternal:
		rm.FailUnavailable(w, r)
	case oidc.ProblemMalformed:
		rm.FailPage(w, r, http.StatusBadRequest, person.BadAppRequest())
	default:
		rm.FailPage(w, r, http.StatusBadRequest, person.BadAppRequest())
	}
}

// showForm is the page whose form takes an answer to an app. The policy of pages
// allows forms to this site only, so this one page names the app's.
func (rm *Room) showForm(w http.ResponseWriter, r *http.Request, app string, d oidc.Delivery) {
	to, err := url.Parse(d.To)
	if err == nil {
		kit.AllowFormTo(w, to)
		err = rm.Render(w, r, http.StatusOK, person.AnswerForm(app, d.To, d.Form))
	}
	if err != nil {
		rm.Log.ErrorContext(r.Context(), "an answer was not handed to an app", "app", app, "error", err)
	}
}

// oidcCallback goes on with a request of an app as the provider decides: back to
// the app when the person is signed in, else to AWS, and from there to here again.
func (rm *Room) oidcCallback(w http.ResponseWriter, r *http.Request) error {
	v, err := rm.visit(r)
	if err != nil {
		return err
	}
	d, err := rm.Provider.Decide(r.Context(), v)
	if err != nil {
		return err
	}
	switch d.Outcome {
	case oidc.ToApp:
		if d.Answer.Form != nil {
			rm.showForm(w, r, d.App.Name, d.Answer)
			return nil
		}
		return kit.SeeOther(w, r, d.Answer.To)
	case oidc.ToSignIn:
		return rm.signInFor(w, r, d.App, d.Callback)
	case oidc.AddressGone:
		rm.showProblem(w, r, oidc.Problem{Kind: oidc.ProblemRedirectURI, App: d.App.Name, RedirectURI: d.RedirectURI})
		return nil
	case oidc.NoSession:
		return rm.Render(w, r, http.StatusBadRequest, person.NoSession(d.App.Name, d.Callback))
	case oidc.OtherPerson:
		return rm.Render(w, r, http.StatusForbidden, person.OtherPerson(d.App.Name, v.Username))
	case oidc.RequestOver:
	}
	return rm.Render(w, r, http.StatusBadRequest, person.RequestOver(d.Answered.Name, wizard.StartURL(d.Answered)))
}

// visit is what the provider wants to know of a browser: who is signed in there.
func (rm *Room) visit(r *http.Request) (oidc.Visit, error) {
	v := oidc.Visit{Query: r.URL.Query(), RemoteAddr: rm.RemoteAddr(r)}
	u, err := rm.CurrentPerson(r)
	if errors.Is(err, store.ErrNotFound) {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	ctx := r.Context()
	v.Username, v.SignedInAt = u.Username, rm.Persons.GetTime(ctx, kit.KeyPersonAt)
	v.SignedIn = model.SignedIn{
		UserID: u.ID, SessionEpoch: u.SessionEpoch, AuthTime: rm.Persons.GetTime(ctx, kit.KeyPersonAuth),
		ACR: rm.Persons.GetString(ctx, kit.KeyPersonACR), Connection: rm.Persons.GetString(ctx, kit.KeyPersonConn),
		SessionID: rm.Persons.GetString(ctx, kit.KeyPersonGrants), Until: rm.Persons.Deadline(ctx),
	}
	return v, nil
}

// signInFor sends the person to AWS and then to back: through the app's
// connection, else the only one there is, else the one they choose.
func (rm *Room) signInFor(w http.ResponseWriter, r *http.Request, app model.App, back string) error {
	if app.Connection != "" {
		return kit.SeeOther(w, r, paths.WithQuery(paths.SAMLLogin(app.Connection), "return", back))
	}
	live, err := rm.OpenConnections(r)
	if err != nil {
		return err
	}
	if len(live) == 1 {
		return kit.SeeOther(w, r, paths.WithQuery(paths.SAMLLogin(live[0].Slug), "return", back))
	}
	return rm.Render(w, r, http.StatusOK, person.ChooseConnection(app.Name, live, back))
}

// oidcLogout ends the session because an app asks for it. An app that shows
// whose session it means, with an ID token from here, is believed; else the
// person is asked: a link alone must not sign anybody out.
func (rm *Room) oidcLogout(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.Provider.ParseLogout(r)
	if err != nil {
		rm.Log.InfoContext(r.Context(), "sign-out of an app refused", "error", err)
		return rm.Render(w, r, http.StatusBadRequest, person.BadLogout())
	}
	u, err := rm.CurrentPerson(r)
	if errors.Is(err, store.ErrNotFound) {
		return rm.afterLogout(w, r, l)
	}
	if err != nil {
		return err
	}
	if l.UserID != u.ID {
		return rm.Render(w, r, http.StatusOK, person.AppSignOut(l.AppName, u.Username, logoutFields(r, l)))
	}
	return rm.signOutForApp(w, r, l)
}

// oidcLogoutByForm is the same for an app that sends a form. It is judged as it
// came: what it holds, an ID token among it, must not get into an address, where
// it is too long for servers and stands in their logs. Browsers send no session
// along with a form from another site, so the session is found by the login that
// began it.
func (rm *Room) oidcLogoutByForm(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return kit.BadForm(err)
	}
	l, err := rm.Provider.ParseLogout(r)
	if err != nil {
		rm.Log.InfoContext(r.Context(), "sign-out of an app refused", "error", err)
		return rm.Render(w, r, http.StatusBadRequest, person.BadLogout())
	}
	u, err := rm.CurrentPerson(r)
	if err == nil && l.UserID == u.ID {
		return rm.signOutForApp(w, r, l)
	}
	if err == nil {
		return rm.Render(w, r, http.StatusOK, person.AppSignOut(l.AppName, u.Username, logoutFields(r, l)))
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	there, err := rm.LivingLogin(r)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return rm.afterLogout(w, r, l)
	case err != nil:
		return err
	case l.UserID == there.UserID:
		if err := rm.EndLiving(r.Context(), there); err != nil {
			return err
		}
		return rm.afterLogout(w, r, l)
	}
	if u, err = rm.Store.UserByID(r.Context(), there.UserID); err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, person.AppSignOut(l.AppName, u.Username, logoutFields(r, l)))
}

// logoutFields is what the app sent, to send it again with the confirmation.
// Which app it is may be known from its ID token alone.
func logoutFields(r *http.Request, l oidc.Logout) url.Values {
	fields := url.Values{}
	for name, v := range map[string]string{"client_id": l.App,
		"post_logout_redirect_uri": r.FormValue("post_logout_redirect_uri"), "state": r.FormValue("state")} {
		if v != "" {
			fields.Set(name, v)
		}
	}
	return fields
}

// oidcSignOut is the confirmation: it comes from our own page only.
func (rm *Room) oidcSignOut(w http.ResponseWriter, r *http.Request) error {
	l, err := rm.Provider.ParseLogout(r)
	if err != nil {
		return rm.Render(w, r, http.StatusBadRequest, person.BadLogout())
	}
	return rm.signOutForApp(w, r, l)
}

func (rm *Room) signOutForApp(w http.ResponseWriter, r *http.Request, l oidc.Logout) error {
	if err := rm.EndPersonSession(r.Context()); err != nil {
		return err
	}
	return rm.afterLogout(w, r, l)
}

// afterLogout goes where the app wants, else says that it is done. After our
// own form the browser goes nowhere else by itself (form-action), so there the
// page has a link.
func (rm *Room) afterLogout(w http.ResponseWriter, r *http.Request, l oidc.Logout) error {
	if l.RedirectURI != "" && r.URL.Path != paths.OIDCSignOut {
		return kit.SeeOther(w, r, l.RedirectURI)
	}
	return rm.Render(w, r, http.StatusOK, person.AppSignedOut(l.AppName, l.RedirectURI))
}
