package web

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
)

func (rm *setupRoom) signInLink(slug string) string { return rm.opts.PublicURL + paths.SAMLLogin(slug) }

// showLive is the end of the wizard: nothing is left to set up.
func (rm *setupRoom) showLive(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection) error {
	title, intro := c.Name()+" is live", "People can sign in through AWS now."
	if c.Status != model.StatusLive {
		title, intro = c.Name()+" is set up", "It is suspended: nobody can sign in until you resume it on the connection's page."
	}
	f := setup.Frame{Page: rm.page(r, a, layout.NavConnections, title, intro), Connection: c}
	f.Page.Crumbs = setupCrumbs(c)
	apps, err := rm.store.Apps(r.Context())
	if err != nil {
		return err
	}
	return rm.render(w, r, http.StatusOK, setup.Live(setup.LivePage{Frame: f, SignInLink: rm.signInLink(c.Slug), Apps: apps}))
}

// goLive makes the draft the live revision. Without a test that passed, the
// form must say “unsafe”; the audit then says so, too.
func (rm *setupRoom) goLive(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, step, err := rm.loadStep(r, wizard.StepGoLive)
	if err != nil {
		return err
	}
	if aws := rm.setupAWS(sc); aws == nil || aws.Problem != "" {
		f := rm.frame(r, a, sc, step)
		f.Problems, f.Page.Error = []model.Problem{{Text: "Nothing has gone live: AWS's metadata cannot be used."}}, true
		return rm.renderStep(w, r, http.StatusUnprocessableEntity, f, sc)
	}
	flight, err := onForecast(rm.kit).preflight(r.Context(), sc.connection, &sc.draft)
	if err != nil {
		return err
	}
	if flight.Lost > 0 && r.PostFormValue(ui.FieldAcceptLosses) == "" {
		f := rm.frame(r, a, sc, step)
		f.Problems, f.Page.Error = []model.Problem{{Field: ui.FieldAcceptLosses, Text: lossesNotAccepted}}, true
		return rm.renderStep(w, r, http.StatusUnprocessableEntity, f, sc)
	}
	unsafe := r.PostFormValue("unsafe") != ""
	err = rm.store.GoLive(r.Context(), rm.actor(r, a), sc.connection.Slug, formVersion(r), unsafe)
	f := rm.frame(r, a, sc, step)
	f.Page.Error = true
	switch {
	case errors.Is(err, store.ErrConflict):
		f.Problems = []model.Problem{{Text: "Nothing has gone live: " + sc.draft.Author +
			" saved this setup after you opened the page. Look at everything once more."}}
		return rm.renderStep(w, r, http.StatusConflict, f, sc)
	case errors.Is(err, store.ErrUntested):
		f.Problems = []model.Problem{{Text: "Nothing has gone live: no test has passed with this configuration."}}
		return rm.renderStep(w, r, http.StatusUnprocessableEntity, f, sc)
	case err != nil:
		return err
	}
	if err := onForecast(rm.kit).noteLosses(r, a, sc.connection.Slug, flight); err != nil {
		return err
	}
	return rm.done(w, r, paths.SetupStep(sc.connection.Slug, wizard.StepGoLive), "Live. People can sign in now.")
}

const lossesNotAccepted = "Nothing has changed: people who can sign in today could not any more. Look at who they are, then tick the box, or change the setup."

// noteLosses writes down that somebody was told who is locked out, and went on.
func (lf forecastLeaf) noteLosses(r *http.Request, a model.Administrator, slug string, flight *ui.Preflight) error {
	if flight.Lost == 0 {
		return nil
	}
	return lf.store.RecordAudit(r.Context(), lf.actor(r, a), "connection.lock_out_accepted", slug,
		ui.Count(flight.Lost, "person who could sign in cannot any more", "people who could sign in cannot any more"))
}

// preflightList is the forecast of everybody, as CSV.
func (rm *setupRoom) preflightList(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, _, err := rm.loadStep(r, wizard.StepGoLive)
	if err != nil {
		return err
	}
	return onForecast(rm.kit).writeForecasts(w, r, a, sc.connection, &sc.draft)
}
