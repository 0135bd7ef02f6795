package setup

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// SetupCase is a connection in the wizard, as the database has it.
type SetupCase struct {
	Connection model.Connection
	Draft      model.Revision
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
	sc.facts = rm.SetupFacts(sc, users)
	return sc, nil
}

// SetupFacts are what the flow is judged by. Whoever asks them what the draft's
// metadata says gets what was read the first time.
func (rm *Room) SetupFacts(sc SetupCase, users int) wizard.Facts {
	facts := wizard.Facts{
		Slug: sc.Connection.Slug, Draft: wizard.Draft{Config: sc.Draft.Config, Ticks: sc.Draft.Ticks},
		Tested: sc.Draft.TestedLogin != "", Live: sc.Connection.Live != nil, Editing: true,
		Users: users, PublicURL: rm.Opts.PublicURL, PublicURLFixed: rm.Opts.PublicURLFixed, Now: rm.Now(),
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

// newConnection asks for the name of a new connection.
func (rm *Room) newConnection(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	all, err := rm.Store.Connections(r.Context())
	if err != nil {
		return err
	}
	v := setup.NewPage{First: len(all) == 0}
	if v.First {
		v.Name, v.Slug = "AWS", "aws"
	}
	return rm.renderNewConnection(w, r, a, v)
}

func (rm *Room) renderNewConnection(w http.ResponseWriter, r *http.Request, a model.Administrator, v setup.NewPage) error {
	v.Page = rm.Page(r, a, layout.NavConnections, "Set up a connection",
		"A connection is one application in AWS IAM Identity Center. The setup takes you through both sides, step by step.")
	v.Page.Crumbs = []layout.Crumb{{Label: "Connections", Href: paths.Connections}}
	v.Example = rm.Opts.PublicURL + paths.SAMLLogin("aws")
	status := http.StatusOK
	if len(v.Problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, setup.New(v))
}

func (rm *Room) createConnection(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v := setup.NewPage{Name: kit.Typed(r, "name"), Slug: kit.Typed(r, "slug")}
	slug := v.Slug
	if slug == "" {
		slug = slugOf(v.Name)
	}
	if v.Name == "" {
		v.Problems = append(v.Problems, model.Problem{Field: "name", Text: "Give the connection a name."})
	}
	v.Problems = append(v.Problems, kit.Judged("name", "The name", v.Name, model.CheckTitle)...)
	if err := model.CheckSlug(slug); err != nil {
		v.Problems = append(v.Problems, kit.Problem("slug", "The short name", err))
	}
	if len(v.Problems) > 0 {
		return rm.renderNewConnection(w, r, a, v)
	}
	cfg := model.DefaultConfig(v.Name)
	cfg.Attributes = model.WizardAttributes()
	c, err := rm.Store.CreateConnection(r.Context(), rm.Actor(r, a), slug, cfg)
	if errors.Is(err, store.ErrExists) {
		v.Slug = slug
		v.Problems = []model.Problem{{Field: "slug", Text: fmt.Sprintf("There is a connection “%s” already. Choose another short name.", slug)}}
		return rm.renderNewConnection(w, r, a, v)
	}
	if err != nil {
		return err
	}
	return kit.SeeOther(w, r, paths.SetupStep(c.Slug, wizard.StepWelcome))
}

// slugOf proposes a slug for a name: its letters and digits, in lower case,
// with hyphens for everything between.
func slugOf(name string) string {
	word := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }
	slug := strings.Join(strings.FieldsFunc(strings.ToLower(name), word), "-")
	if utf8.RuneCountInString(slug) > 64 {
		slug = strings.TrimRight(slug[:64], "-")
	}
	return slug
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

// submitStep saves a step of the draft and leads to the next one.
func (rm *Room) submitStep(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, err := rm.loadSetup(r)
	if errors.Is(err, errNoDraft) {
		return store.ErrNotFound
	}
	if err != nil {
		return err
	}
	sc.facts.PublicURLFixed = rm.urlFixedFor(a)
	step, err := rm.openStep(wizard.StepID(kit.PathValue(r, "step")), sc)
	if err != nil {
		return err
	}
	if step.Apply == nil {
		return store.ErrNotFound // nothing can be saved there
	}
	in, err := rm.readStep(r, sc, step)
	if err != nil {
		return err
	}
	f := rm.frame(r, a, sc, step)
	f.Answers = in.shown
	if in.version != sc.Draft.Version {
		return rm.renderConflict(w, r, f, sc)
	}
	draft, problems := wizard.Draft{}, in.problems
	if len(problems) == 0 {
		draft, problems = rm.Flow.Submit(step.ID, sc.facts, in.answers)
	}
	if len(problems) > 0 {
		f.Problems, f.Page.Error = in.placed(problems), true
		if in.fromFile && ui.ProblemOf(problems, wizard.FieldOther) != "" { // to be confirmed without choosing the file again
			if err := keepUploaded(r, f.Answers); err != nil {
				return err
			}
		}
		return rm.renderStep(w, r, http.StatusUnprocessableEntity, f, sc)
	}
	if draft.PublicURL != "" && !rm.SteppedUp(r) {
		return kit.ErrStepUp
	}
	saved, err := rm.saveStep(r, a, sc, step, draft)
	if errors.Is(err, store.ErrConflict) {
		if sc, err = rm.loadSetup(r); err != nil {
			return store.ErrConflict // went live or was discarded meanwhile
		}
		typed := f.Answers
		f = rm.frame(r, a, sc, step)
		f.Answers = typed
		return rm.renderConflict(w, r, f, sc)
	}
	if err != nil {
		return err
	}
	if len(in.groups) > 0 {
		added, known, err := rm.addGroups(r.Context(), rm.Actor(r, a), in.groups)
		if err != nil {
			return err
		}
		rm.PutFlash(r, layout.Flash{Kind: "success", Text: addedGroups(added, known)})
	}
	return rm.afterStep(w, r, sc, step, draft, saved)
}

// urlFixedFor tells whether somebody cannot change the public URL: all that is
// made of it, passkeys too, is an owner's matter.
func (rm *Room) urlFixedFor(a model.Administrator) bool {
	return rm.Opts.PublicURLFixed || a.Role != model.RoleOwner
}

// saveStep writes the draft, and the public URL where the step changed it. What
// was kept while it was typed is not needed any more.
func (rm *Room) saveStep(r *http.Request, a model.Administrator, sc SetupCase, step wizard.Step, draft wizard.Draft) (model.Revision, error) {
	ctx, actor := r.Context(), rm.Actor(r, a)
	var saved model.Revision
	err := rm.Store.InTx(ctx, func(tx *store.Store) error {
		if err := tx.ForgetAutosave(ctx, autosaveKey(a, sc, step)); err != nil {
			return err
		}
		var err error
		saved, err = tx.SaveDraft(ctx, actor, sc.Connection.Slug, sc.Draft.Version, func(rev *model.Revision) error {
			rev.Config, rev.Ticks = draft.Config, draft.Ticks
			return nil
		})
		if err != nil || draft.PublicURL == "" {
			return err
		}
		return tx.SaveSettings(ctx, actor, func(set *store.Settings) error {
			set.MoveTo(draft.PublicURL, "", rm.Now())
			return nil
		})
	})
	return saved, err
}

// afterStep leads on: to the next step, or back to where one came from.
func (rm *Room) afterStep(w http.ResponseWriter, r *http.Request, sc SetupCase, step wizard.Step, draft wizard.Draft, saved model.Revision) error {
	if draft.PublicURL != "" {
		if err := rm.PublicURLChanged(r.Context()); err != nil {
			return err
		}
	}
	before := sc.Draft.Config
	sc.Draft = saved
	facts := rm.SetupFacts(sc, sc.facts.Users)
	if draft.PublicURL != "" {
		facts.PublicURL = draft.PublicURL
	}
	slug := sc.Connection.Slug
	if step.ID == wizard.StepMetadata {
		back, again := wizard.StepMetadata, r.PostFormValue("from") == string(wizard.StepAttributes)
		if again {
			back = wizard.StepAttributes
		}
		rm.PutFlash(r, rm.metadataFlash(before, sc, facts, again))
		return kit.SeeOther(w, r, paths.SetupStep(slug, back))
	}
	next, ok := rm.Flow.Next(step.ID, facts)
	if !ok {
		next = rm.Flow.Resume(facts)
	}
	return kit.SeeOther(w, r, paths.SetupStep(slug, next))
}

// metadataFlash says what bringing the metadata has changed, and what it still
// lacks.
func (rm *Room) metadataFlash(before model.Config, sc SetupCase, facts wizard.Facts, again bool) layout.Flash {
	f := layout.Flash{Kind: "success", Text: "AWS's metadata is here. Look at what it says, then go on."}
	changed := wizard.Differences(before, sc.Draft.Config, rm.Opts.PublicURL, sc.Connection.Slug, rm.Now())
	same := wizard.Same(changed)
	switch {
	case same:
		f = layout.Flash{Kind: "info", Text: "Nothing changed: AWS's metadata says the same as before."}
	case before.IdPMetadata != "":
		f.Text = strings.Join(changed, " ")
	}
	if !again && !same {
		return f
	}
	if idp, err := facts.Stored(); err == nil && slices.ContainsFunc(idp.Findings, func(f sso.Finding) bool { return f.Code == sso.FindingNoFormat }) {
		f.Kind, f.Text = "warning", f.Text+" It names no format for the Subject yet: save the attribute mappings in AWS, then bring it again."
	}
	return f
}

// formVersion is the version of the draft that the form was made from; -1
// when the form does not say.
func formVersion(r *http.Request) int {
	n, err := strconv.Atoi(r.PostFormValue("version"))
	if err != nil {
		return -1
	}
	return n
}
