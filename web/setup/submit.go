package setup

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

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
