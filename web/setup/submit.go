package setup

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
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
	move, err := rm.guardedMove(r, a, sc, &draft)
	if err != nil {
		return err
	}
	saved, groups, err := rm.saveStep(r, a, sc, step, draft, in.groups)
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
		rm.PutFlash(r, groups.flash())
	}
	if move != "" {
		return rm.toGuardedMove(w, r, sc, saved, move)
	}
	return rm.afterStep(w, r, sc, step, draft, saved)
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
