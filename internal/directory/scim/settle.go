package scim

import (
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// settle does what the request means for users and groups here, within its transaction.
func (w *writing) settle() error {
	if !w.written {
		w.note.Outcome = model.SCIMNothing
		return nil
	}
	push, err := w.push()
	if err != nil {
		return err
	}
	plan, err := w.tx.PlanPush(w.ctx, w.source, push)
	if err != nil {
		return err
	}
	if err := w.contradicted(plan); err != nil {
		return err
	}
	done, err := w.tx.CarryOutPush(w.ctx, w.source, push, plan)
	if err != nil {
		return err
	}
	w.note.Outcome, w.note.Run = done.Outcome, done.Run
	w.describePlan(plan, done)
	return nil
}

// push is what the request changed, as the planner takes it.
func (w *writing) push() (store.Push, error) {
	p := store.Push{What: w.note.Line + "."}
	if w.of == groupType {
		g, err := w.pushedGroup()
		p.Groups = []store.PushedGroup{g}
		return p, err
	}
	if !w.after.DeletedAt.IsZero() {
		p.Gone = []string{w.after.ID}
		return p, nil
	}
	person, err := Person(w.after)
	if err != nil {
		return p, err
	}
	p.People = []model.SourcePerson{person}
	// Who becomes a user only now was in groups before.
	groups, err := w.tx.SCIMRefs(w.ctx, w.after)
	for _, g := range groups {
		p.Groups = append(p.Groups, store.PushedGroup{ID: g.ID, Name: g.Name, Kept: true, Touched: []string{w.after.ID}, Members: []string{w.after.ID}})
	}
	return p, err
}

func (w *writing) pushedGroup() (store.PushedGroup, error) {
	g := store.PushedGroup{ID: w.after.ID, Name: w.after.Name, Whole: w.whole, Deleted: !w.after.DeletedAt.IsZero()}
	switch {
	case g.Deleted:
		return g, nil
	case g.Whole:
		var err error
		g.Members, err = w.tx.SCIMMemberIDs(w.ctx, g.ID)
		return g, err
	}
	g.Members = append([]string{}, w.members.Add...)
	g.Touched = append(append([]string{}, w.members.Add...), w.members.Remove...)
	return g, nil
}

// contradicted refuses a person whose username is another owner's. The client is told,
// and a person here has to decide.
func (w *writing) contradicted(plan model.SourcePlan) error {
	for _, l := range plan.LeftOut {
		taken := l.Kind == model.ConflictUsernameTaken || l.Kind == model.ConflictReusedName || l.Kind == model.ConflictUsernameTwice
		if !taken || l.StableID != w.after.ID {
			continue
		}
		w.note.Outcome = model.SCIMConflict
		if w.was.ID == "" {
			w.note.ResourceID = "" // it is not kept
		}
		w.note.Details = append(w.note.Details, l.Detail)
		return fail(http.StatusConflict, typeUniqueness, "The userName %.200q belongs to somebody else here. An administrator of this server has to decide.", l.Name)
	}
	return nil
}
