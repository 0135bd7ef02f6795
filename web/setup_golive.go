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

func (s *Server) signInLink(slug string) string { return s.opts.PublicURL + paths.SAMLLogin(slug) }

// showLive is the end of the wizard: nothing is left to set up.
func (s *Server) showLive(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection) error {
	title, intro := c.Name()+" is live", "People can sign in through AWS now."
	if c.Status != model.StatusLive {
		title, intro = c.Name()+" is set up", "It is suspended: nobody can sign in until you resume it on the connection's page."
	}
	f := setup.Frame{Page: s.page(r, a, layout.NavConnections, title, intro), Connection: c}
	f.Page.Crumbs = setupCrumbs(c)
	apps, err := s.store.Apps(r.Context())
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, setup.Live(setup.LivePage{Frame: f, SignInLink: s.signInLink(c.Slug), Apps: apps}))
}

// goLive makes the draft the live revision. Without a test that passed, the
// form must say “unsafe”; the audit then says so, too.
func (s *Server) goLive(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, step, err := s.loadStep(r, wizard.StepGoLive)
	if err != nil {
		return err
	}
	if aws := s.setupAWS(sc); aws == nil || aws.Problem != "" {
		f := s.frame(r, a, sc, step)
		f.Problems, f.Page.Error = []model.Problem{{Text: "Nothing has gone live: AWS's metadata cannot be used."}}, true
		return s.renderStep(w, r, http.StatusUnprocessableEntity, f, sc)
	}
	flight, err := s.preflight(r.Context(), sc.connection, &sc.draft)
	if err != nil {
		return err
	}
	if flight.Lost > 0 && r.PostFormValue(ui.FieldAcceptLosses) == "" {
		f := s.frame(r, a, sc, step)
		f.Problems, f.Page.Error = []model.Problem{{Field: ui.FieldAcceptLosses, Text: lossesNotAccepted}}, true
		return s.renderStep(w, r, http.StatusUnprocessableEntity, f, sc)
	}
	unsafe := r.PostFormValue("unsafe") != ""
	err = s.store.GoLive(r.Context(), s.actor(r, a), sc.connection.Slug, formVersion(r), unsafe)
	f := s.frame(r, a, sc, step)
	f.Page.Error = true
	switch {
	case errors.Is(err, store.ErrConflict):
		f.Problems = []model.Problem{{Text: "Nothing has gone live: " + sc.draft.Author + " saved this setup after you opened the page. Look at everything once more."}}
		return s.renderStep(w, r, http.StatusConflict, f, sc)
	case errors.Is(err, store.ErrUntested):
		f.Problems = []model.Problem{{Text: "Nothing has gone live: no test has passed with this configuration."}}
		return s.renderStep(w, r, http.StatusUnprocessableEntity, f, sc)
	case err != nil:
		return err
	}
	if err := s.noteLosses(r, a, sc.connection.Slug, flight); err != nil {
		return err
	}
	return s.done(w, r, paths.SetupStep(sc.connection.Slug, wizard.StepGoLive), "Live. People can sign in now.")
}

const lossesNotAccepted = "Nothing has changed: people who can sign in today could not any more. Look at who they are, then tick the box, or change the setup."

// noteLosses writes down that somebody was told who is locked out, and went on.
func (s *Server) noteLosses(r *http.Request, a model.Administrator, slug string, flight *ui.Preflight) error {
	if flight.Lost == 0 {
		return nil
	}
	return s.store.RecordAudit(r.Context(), s.actor(r, a), "connection.lock_out_accepted", slug,
		ui.Count(flight.Lost, "person who could sign in cannot any more", "people who could sign in cannot any more"))
}

// preflightList is the forecast of everybody, as CSV.
func (s *Server) preflightList(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, _, err := s.loadStep(r, wizard.StepGoLive)
	if err != nil {
		return err
	}
	return s.writeForecasts(w, r, a, sc.connection, &sc.draft)
}
