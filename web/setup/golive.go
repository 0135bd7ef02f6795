package setup

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/forecast"
	"github.com/postern-sso/postern/web/kit"
)

func (rm *Room) signInLink(slug string) string { return rm.Opts.PublicURL + paths.SAMLLogin(slug) }

// showLive is the end of the wizard: nothing is left to set up.
func (rm *Room) showLive(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection) error {
	title, intro := c.Name()+" is live", "People can sign in through AWS now."
	if c.Status != model.StatusLive {
		title, intro = c.Name()+" is set up", "It is suspended: nobody can sign in until you resume it on the connection's page."
	}
	f := setup.Frame{Page: rm.Page(r, a, layout.NavConnections, title, intro), Connection: c}
	f.Page.Crumbs = kit.SetupCrumbs(c)
	apps, err := rm.Store.Apps(r.Context())
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, setup.Live(setup.LivePage{Frame: f, SignInLink: rm.signInLink(c.Slug), Apps: apps}))
}

// goLive makes the draft the live revision. Without a test that passed, the
// form must say “unsafe”; the audit then says so, too.
func (rm *Room) goLive(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, step, err := rm.loadStep(r, wizard.StepGoLive)
	if err != nil {
		return err
	}
	if aws := rm.setupAWS(sc); aws == nil || aws.Problem != "" {
		f := rm.frame(r, a, sc, step)
		f.Problems, f.Page.Error = []model.Problem{{Text: "Nothing has gone live: AWS's metadata cannot be used."}}, true
		return rm.renderStep(w, r, http.StatusUnprocessableEntity, f, sc)
	}
	flight, err := forecast.With(rm.Kit).Preflight(r.Context(), sc.Connection, &sc.Draft)
	if err != nil {
		return err
	}
	if flight.Lost.Count > 0 && r.PostFormValue(ui.FieldAcceptLosses) == "" {
		f := rm.frame(r, a, sc, step)
		f.Problems, f.Page.Error = []model.Problem{{Field: ui.FieldAcceptLosses, Text: forecast.LossesNotAccepted}}, true
		return rm.renderStep(w, r, http.StatusUnprocessableEntity, f, sc)
	}
	unsafe := r.PostFormValue("unsafe") != ""
	err = rm.Store.GoLive(r.Context(), rm.Actor(r, a), sc.Connection.Slug, formVersion(r), unsafe)
	f := rm.frame(r, a, sc, step)
	f.Page.Error = true
	switch {
	case errors.Is(err, store.ErrConflict):
		f.Problems = []model.Problem{{Text: "Nothing has gone live: " + sc.Draft.Author +
			" saved this setup after you opened the page. Look at everything once more."}}
		return rm.renderStep(w, r, http.StatusConflict, f, sc)
	case errors.Is(err, store.ErrUntested):
		f.Problems = []model.Problem{{Text: "Nothing has gone live: no test has passed with this configuration."}}
		return rm.renderStep(w, r, http.StatusUnprocessableEntity, f, sc)
	case err != nil:
		return err
	}
	if err := forecast.With(rm.Kit).NoteLosses(r, a, sc.Connection.Slug, flight); err != nil {
		return err
	}
	return rm.Done(w, r, paths.SetupStep(sc.Connection.Slug, wizard.StepGoLive), "Live. People can sign in now.")
}

// preflightList is the forecast of everybody, as CSV.
func (rm *Room) preflightList(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, _, err := rm.loadStep(r, wizard.StepGoLive)
	if err != nil {
		return err
	}
	return forecast.With(rm.Kit).WriteForecasts(w, r, a, sc.Connection, &sc.Draft)
}
