package setup

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/web/kit"
)

// SetupCase is a connection in the wizard, as the database has it.
type SetupCase struct {
	Connection model.Connection
	Draft      model.Revision
	Sources    []wizard.SourceFact // of a draft whose people come from a directory
	facts      wizard.Facts
	byLink     bool // somebody with a setup link, who may be no administrator here
}

// errNoDraft: the connection is there, and nobody is editing it.
var errNoDraft = errors.New("nobody is editing the connection")

// loadSetup reads the connection in the address with its draft.
func (rm *Room) loadSetup(r *http.Request) (SetupCase, error) {
	c, err := rm.Store.Connection(r.Context(), kit.PathValue(r, "connection"))
	if err != nil {
		return SetupCase{}, err
	}
	if c.Draft == nil {
		return SetupCase{Connection: c}, errNoDraft
	}
	users, err := rm.Store.CountUsers(r.Context())
	if err != nil {
		return SetupCase{}, err
	}
	sc := SetupCase{Connection: c, Draft: *c.Draft}
	if c.Draft.Config.DirectorySynced {
		if sc.Sources, err = rm.sourceFacts(r.Context()); err != nil {
			return SetupCase{}, err
		}
	}
	sc.facts = rm.SetupFacts(sc, users)
	return sc, nil
}

// SetupFacts are what the flow is judged by. Whoever asks them what the draft's
// metadata says gets what was read the first time.
func (rm *Room) SetupFacts(sc SetupCase, users int) wizard.Facts {
	facts := wizard.Facts{
		Slug: sc.Connection.Slug, Draft: wizard.Draft{Config: sc.Draft.Config, Ticks: sc.Draft.Ticks},
		Tested: sc.Draft.TestedLogin != "", Live: sc.Connection.Live != nil, Editing: true,
		Users: users, Sources: sc.Sources, PublicURL: rm.Opts.PublicURL, PublicURLFixed: rm.Opts.PublicURLFixed, Now: rm.Now(),
	}
	return facts.Reading(rm.parse)
}

// openStep is the step in the address; store.ErrNotFound when it is unknown, a
// *lockedError when it is still locked.
func (rm *Room) openStep(id wizard.StepID, sc SetupCase) (wizard.Step, error) {
	step, ok := rm.Flow.Step(id)
	if !ok {
		return wizard.Step{}, store.ErrNotFound
	}
	if !rm.mayVisit(id, sc.facts) {
		first, _ := rm.Flow.Step(rm.Flow.Resume(sc.facts))
		return wizard.Step{}, &lockedError{slug: sc.Connection.Slug, step: step, first: first}
	}
	return step, nil
}

// lockedError is a step that is not open yet, and the one that has to be done
// first. To those who do not know it, the step is not there.
type lockedError struct {
	slug        string
	step, first wizard.Step
}

func (e *lockedError) Error() string {
	return fmt.Sprintf("step %s is locked until %s is done", e.step.ID, e.first.ID)
}
func (e *lockedError) Unwrap() error { return store.ErrNotFound }

// orFirst leads from a step that is not open yet to the first one that is, and
// says why.
func (rm *Room) orFirst(h kit.ConsoleHandler) kit.ConsoleHandler {
	return func(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
		err := h(w, r, a)
		var locked *lockedError
		if !errors.As(err, &locked) {
			return err
		}
		rm.PutFlash(r, layout.Flash{Kind: "warning", Text: fmt.Sprintf("“%s” is not open yet: this step has to be done first.", locked.step.Title)})
		return kit.SeeOther(w, r, paths.SetupStep(locked.slug, locked.first.ID))
	}
}

// mayVisit tells whether a step is open. The last one opens together with the
// test, because going live without one is offered there, as unsafe.
func (rm *Room) mayVisit(id wizard.StepID, facts wizard.Facts) bool {
	if id == wizard.StepGoLive {
		id = wizard.StepTest
	}
	return rm.Flow.StateOf(id, facts) != wizard.Locked
}

// resumeSetup leads to the first step that is not done.
func (rm *Room) resumeSetup(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, err := rm.loadSetup(r)
	if errors.Is(err, errNoDraft) {
		return rm.offerDraft(w, r, a, sc.Connection, "")
	}
	if err != nil {
		return err
	}
	return kit.SeeOther(w, r, paths.SetupStep(sc.Connection.Slug, rm.Flow.Resume(sc.facts)))
}

// offerDraft is shown where nobody is editing the connection. The draft begins
// at the step that was asked for; empty: at the first that is not done.
func (rm *Room) offerDraft(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection, step wizard.StepID) error {
	v := setup.StartPage{Page: rm.Page(r, a, layout.NavConnections, "Change "+c.Name(), ""), Connection: c, Step: step}
	v.Page.Crumbs = kit.SetupCrumbs(c)
	return rm.Render(w, r, http.StatusOK, setup.Start(v))
}

func (rm *Room) showStep(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	id := wizard.StepID(kit.PathValue(r, "step"))
	sc, err := rm.loadSetup(r)
	if errors.Is(err, errNoDraft) {
		if _, known := rm.Flow.Step(id); !known {
			return store.ErrNotFound
		}
		if id == wizard.StepGoLive {
			return rm.showLive(w, r, a, sc.Connection)
		}
		return rm.offerDraft(w, r, a, sc.Connection, id)
	}
	if err != nil {
		return err
	}
	step, err := rm.openStep(id, sc)
	if err != nil {
		return err
	}
	f := rm.frame(r, a, sc, step)
	if err := rm.restoreAutosave(r, a, sc, &f); err != nil {
		return err
	}
	return rm.renderStep(w, r, http.StatusOK, f, sc)
}

// frame is what every step shows, with the form as it is stored.
func (rm *Room) frame(r *http.Request, a model.Administrator, sc SetupCase, step wizard.Step) setup.Frame {
	f := setup.Frame{
		Page:       rm.Page(r, a, layout.NavConnections, step.Title, step.Lead),
		Connection: sc.Connection, Draft: sc.Draft, Step: step,
		Fields: step.FieldsFor(sc.facts), Rail: rm.Flow.Progress(sc.facts), Answers: storedAnswers(step, sc.facts),
		Version: sc.Draft.Version,
	}
	f.Page.Crumbs = kit.SetupCrumbs(sc.Connection)
	if back, ok := rm.Flow.Previous(step.ID, sc.facts); ok {
		f.Back = back
	}
	if next, ok := rm.Flow.Next(step.ID, sc.facts); ok {
		f.Next = next
	}
	return f
}

// storedAnswers fills in a step's form with what the draft says.
func storedAnswers(step wizard.Step, facts wizard.Facts) wizard.Answers {
	answers := wizard.Answers{}
	for _, field := range step.FieldsFor(facts) {
		if field.Value != nil {
			answers[field.Name] = field.Value(facts)
		}
	}
	return answers
}
