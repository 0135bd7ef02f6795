package apps

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/apps"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// startAppTest begins a sign-in to an app that ends here instead of at the app:
// the whole way, and the claims that the app would get.
func (rm *Room) startAppTest(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	app, err := rm.signOnApp(r)
	if err != nil {
		return err
	}
	if open, err := rm.isOpenTo(r, app); err != nil || !open {
		return rm.appTestTooEarly(w, r, a, app, err)
	}
	state := rand.Text()
	rm.Admins.Put(r.Context(), kit.KeyAppTest, state)
	to, err := rm.provider.StartTrial(r.Context(), app, state)
	if err != nil {
		return err
	}
	return kit.SeeOther(w, r, to)
}

func (rm *Room) appTestedPage(r *http.Request, a model.Administrator, app model.App) apps.AppTestedPage {
	v := apps.AppTestedPage{App: app, Page: rm.Page(r, a, layout.NavApps, "Test sign-in to "+app.Name, "")}
	v.Page.Crumbs = []layout.Crumb{{Label: "Apps", Href: paths.Apps}, {Label: app.Name, Href: paths.App(app.Slug)}}
	return v
}

// appTestTooEarly says that nobody can sign in to an app yet.
func (rm *Room) appTestTooEarly(w http.ResponseWriter, r *http.Request, a model.Administrator, app model.App, err error) error {
	if err != nil {
		return err
	}
	v := rm.appTestedPage(r, a, app)
	v.Problem = "Nobody can sign in to the app yet: no connection is live. Finish the setup and go live, then test here. A user directory can be tested before."
	if app.Connection != "" {
		v.Problem = "Nobody can sign in to the app now: the connection “" + app.Connection + "”, through which its people come, is not live."
	}
	return rm.Render(w, r, http.StatusOK, apps.AppTested(v))
}

// finishAppTest shows what the app would have got.
func (rm *Room) finishAppTest(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	app, err := rm.signOnApp(r)
	if err != nil {
		return err
	}
	v := rm.appTestedPage(r, a, app)
	query := r.URL.Query()
	expected := rm.Admins.PopString(r.Context(), kit.KeyAppTest)
	if expected == "" || subtle.ConstantTimeCompare([]byte(expected), []byte(query.Get("state"))) != 1 {
		v.Problem = "This is not the end of a test that this browser started, or the page was loaded a second time. Start the test again."
		return rm.Render(w, r, http.StatusOK, apps.AppTested(v))
	}
	if refused := query.Get("error"); refused != "" {
		v.Problem = "The sign-in was refused (" + kit.Truncate(refused, 60) + "). The logins say why."
		return rm.Render(w, r, http.StatusOK, apps.AppTested(v))
	}
	trial, err := rm.provider.FinishTrial(r.Context(), app, query.Get("code"))
	if errors.Is(err, oidc.ErrTrial) {
		v.Problem = "The test took too long, or the person was deactivated meanwhile. Start it again."
		return rm.Render(w, r, http.StatusOK, apps.AppTested(v))
	}
	if err != nil {
		return err
	}
	v.Person, v.Protocol = shownClaims(trial.Claims)
	return rm.Render(w, r, http.StatusOK, apps.AppTested(v))
}

// shownClaims parts what an app is told into what it says about the person and
// the rest.
func shownClaims(claims map[string]any) (person, protocol []apps.Claim) {
	for _, known := range apps.PersonClaims {
		if value, there := claims[known.Name]; there {
			person = append(person, shownClaim(known.Name, value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if !slices.ContainsFunc(person, func(c apps.Claim) bool { return c.Name == name }) {
			protocol = append(protocol, shownClaim(name, claims[name]))
		}
	}
	return person, protocol
}

// shownClaim is a claim as people read it. Times are seconds since 1970 (RFC
// 7519, section 2).
func shownClaim(name string, value any) apps.Claim {
	c := apps.Claim{Name: name}
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			c.Values = append(c.Values, fmt.Sprint(one))
		}
	case bool:
		c.Values = []string{"No"}
		if v {
			c.Values[0] = "Yes"
		}
	case float64:
		c.At = time.Unix(int64(v), 0)
	default:
		c.Values = []string{fmt.Sprint(value)}
	}
	return c
}

func (rm *Room) signOnApp(r *http.Request) (model.App, error) {
	app, err := rm.Store.App(r.Context(), kit.PathValue(r, "slug"))
	if err == nil && app.Kind != model.AppOIDC {
		err = store.ErrNotFound
	}
	return app, err
}

// isOpenTo tells whether people can sign in to an app now.
func (rm *Room) isOpenTo(r *http.Request, app model.App) (bool, error) {
	live, err := rm.OpenConnections(r)
	return slices.ContainsFunc(live, func(c model.Connection) bool { return app.Connection == "" || app.Connection == c.Slug }), err
}
