package setup

import (
	"context"
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/traces"
)

// startTest sends the administrator to AWS with the draft. The answer is
// judged by the draft, signs nobody in and changes nothing.
func (rm *Room) startTest(w http.ResponseWriter, r *http.Request, _ model.Administrator) error {
	sc, _, err := rm.loadStep(r, wizard.StepTest)
	if err != nil {
		return err
	}
	return rm.BeginLogin(w, r, sc.Connection, &sc.Draft, true, "")
}

// testStatus is the part of the test's page that follows the login. It answers
// 204 while there is no news, so that the page is left alone.
func (rm *Room) testStatus(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, step, err := rm.loadStep(r, wizard.StepTest)
	if err != nil {
		return err
	}
	if r.Header.Get("HX-Request") == "" {
		return kit.SeeOther(w, r, paths.SetupStep(sc.Connection.Slug, wizard.StepTest))
	}
	v, err := rm.testPage(r.Context(), setup.Frame{Connection: sc.Connection, Draft: sc.Draft, Step: step}, sc)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("seen") == v.Seen() {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	v.Frame = rm.frame(r, a, sc, step)
	return rm.Render(w, r, http.StatusOK, setup.TestStatus(v))
}

// testPage says how the latest test of the draft stands.
func (rm *Room) testPage(ctx context.Context, f setup.Frame, sc SetupCase) (setup.TestPage, error) {
	v := setup.TestPage{Frame: f, State: setup.TrialNone, Values: wizard.AWSValues(sc.facts)}
	l, err := rm.Store.LatestTest(ctx, sc.Draft.ID)
	if errors.Is(err, store.ErrNotFound) {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	v.Login = l
	v.Changed = l.RevisionVersion != sc.Draft.Version
	code := l.Code(rm.Now())
	switch {
	case l.Outcome == model.OutcomeSignedIn && sc.Draft.TestedLogin != "":
		v.State = setup.TrialPassed
	case l.Outcome == model.OutcomeSignedIn:
		v.State = setup.TrialOutdated
	case l.Outcome == model.OutcomeRefused:
		v.State = setup.TrialFailed
	case code == model.CodeNoAnswer:
		v.State = setup.TrialNoAnswer
	default:
		v.State = setup.TrialWaiting
	}
	if code != "" {
		why := traces.Explain(code, l.Refusal)
		v.Why = &why
	}
	v.Usernames, err = rm.usernameChoices(ctx, sc.Draft.Config, l.Person)
	return v, err
}
