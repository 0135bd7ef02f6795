package sources

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/sources"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// runsShown is how many runs a source's page lists, changesShown how many changes.
const (
	runsShown    = 10
	changesShown = 20
)

func (rm *Room) source(r *http.Request) (model.Source, error) {
	return rm.Store.Source(r.Context(), kit.PathValue(r, "slug"))
}

func (rm *Room) show(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.render(w, r, a, "")
}

// render shows the page of a source; problem is one of deleting it.
func (rm *Room) render(w http.ResponseWriter, r *http.Request, a model.Administrator, problem string) error {
	s, err := rm.source(r)
	if err != nil {
		return err
	}
	n, err := rm.Store.SourceNumbers(r.Context(), s)
	if err != nil {
		return err
	}
	v := sources.ShowPage{Source: s, Now: rm.Now(), Problem: problem,
		Numbers: sources.Numbers{Home: n.Home, People: n.People, Groups: n.Groups, Mapped: n.Mapped, Pins: n.Pinned}}
	if err := rm.CountSources(r.Context()); err != nil {
		return err
	}
	v.Page = rm.Page(r, a, layout.NavSources, s.Name, sources.Intro(s, v.Numbers))
	v.Page.Crumbs, v.Page.Error = crumbs(), problem != ""
	if v.Conflicts, err = rm.Store.CountSourceConflicts(r.Context(), s); err != nil {
		return err
	}
	if v.Setup, err = rm.setupThatAsks(r.Context(), s); err != nil {
		return err
	}
	if v.Runs, _, err = rm.Store.SourceRuns(r.Context(), s.Slug, store.Page{Limit: runsShown}); err != nil {
		return err
	}
	if r.Header.Get("HX-Request") != "" && !v.Underway() {
		w.Header().Set("HX-Refresh", "true") // the run is over: all of the page is another one
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	for _, run := range v.Runs {
		if run.Waits() {
			plan, err := rm.plan(r, s, run, changesShown)
			if err != nil {
				return err
			}
			v.Waiting = &plan
			break
		}
	}
	if v.Access, err = rm.access(r, a, s); err != nil {
		return err
	}
	status := http.StatusOK
	if problem != "" {
		status = http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, sources.Show(v))
}

// setupThatAsks is the connection whose setup waits for a source and could take this one; nil: none.
func (rm *Room) setupThatAsks(ctx context.Context, s model.Source) (*model.Connection, error) {
	all, err := rm.Store.Connections(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.Draft == nil || c.Live != nil {
			continue
		}
		if cfg := c.Draft.Config; cfg.DirectorySynced && !cfg.DirectoryInApps && (cfg.DirectorySource == "" || cfg.DirectorySource == s.Slug) {
			return &c, nil
		}
	}
	return nil, nil //nolint:nilnil // none asks
}

// plan is what a run planned or did, the first page of it.
func (rm *Room) plan(r *http.Request, s model.Source, run model.SourceRun, limit int) (sources.PlanView, error) {
	v := sources.PlanView{Source: s, Run: run, Now: rm.Now(), Kind: model.SourceChangeKind(r.URL.Query().Get("kind"))}
	q := store.ChangeQuery{Kind: v.Kind, Page: kit.PageOf(r)}
	q.Limit = limit
	changes, next, err := rm.Store.RunChanges(r.Context(), run.ID, q)
	if err != nil {
		return v, err
	}
	v.Paging = kit.Paging(r, paths.SourceRun(s.Slug, run.ID), next)
	if v.Changes, err = rm.changes(r.Context(), changes); err != nil {
		return v, err
	}
	if v.Called, err = rm.Store.Called(r.Context()); err != nil {
		return v, err
	}
	if run.Outcome == model.RunHeld {
		if v.Recent, err = rm.Store.RecentOf(r.Context(), run.ID, rm.Now().Add(-week)); err != nil {
			return v, err
		}
	}
	v.LeftOut, err = rm.Store.RunLeftOut(r.Context(), run.ID, leftOutShown)
	return v, err
}

// changes are changes as the page shows them, with links to what is there now.
func (rm *Room) changes(ctx context.Context, changes []store.RunChange) ([]sources.Change, error) {
	var ids, groups []string
	for _, c := range changes {
		if c.UserID != "" {
			ids = append(ids, c.UserID)
		}
		if c.Group != "" {
			groups = append(groups, c.Group)
		}
	}
	users, err := rm.Store.UsersNow(ctx, ids)
	if err != nil {
		return nil, err
	}
	names, err := rm.Store.GroupNames(ctx, groups)
	if err != nil {
		return nil, err
	}
	shown := make([]sources.Change, len(changes))
	for i, c := range changes {
		u := users[c.UserID]
		shown[i] = sources.Change{SourceChange: c.SourceChange, Problem: c.Problem, LastLogin: u.LastLogin}
		if u.Username != "" {
			shown[i].Href = paths.User(u.Username)
		} else if name := names[model.Key(c.Group)]; name != "" {
			shown[i].Href = paths.Group(name)
		}
		if c.State == store.ChangeSkipped || c.State == store.ChangeUndone {
			shown[i].State = string(c.State)
		}
	}
	return shown, nil
}

const (
	week         = 7 * 24 * time.Hour
	leftOutShown = 200
)

// run is the one that the address names.
func (rm *Room) run(r *http.Request) (s model.Source, run model.SourceRun, err error) {
	if s, err = rm.source(r); err != nil {
		return s, run, err
	}
	id, err := strconv.ParseInt(kit.PathValue(r, "id"), 10, 64)
	if err != nil {
		return s, run, store.ErrNotFound
	}
	run, err = rm.Store.SourceRun(r.Context(), s.Slug, id)
	return s, run, err
}

func (rm *Room) showRun(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, run, err := rm.run(r)
	if err != nil {
		return err
	}
	plan, err := rm.plan(r, s, run, 0)
	if err != nil {
		return err
	}
	if err := rm.CountSources(r.Context()); err != nil {
		return err
	}
	p := rm.pageBelow(r, a, s, "Run of "+s.Name, "")
	return rm.Render(w, r, http.StatusOK, sources.Run(sources.RunPage{Page: p, Plan: plan}))
}

func (rm *Room) listRuns(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.source(r)
	if err != nil {
		return err
	}
	runs, next, err := rm.Store.SourceRuns(r.Context(), s.Slug, kit.PageOf(r))
	if err != nil {
		return err
	}
	p := rm.pageBelow(r, a, s, "Runs of "+s.Name, "Kept for "+model.Duration(model.RunsKept)+", the last one for as long as the source is there.")
	return rm.Render(w, r, http.StatusOK, sources.Runs(sources.RunsPage{Page: p, Source: s, Runs: runs,
		Paging: kit.Paging(r, paths.SourceAction(s.Slug, "runs"), next)}))
}

// begin starts a run; it goes on after the answer.
func (rm *Room) begin(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.source(r)
	if err != nil {
		return err
	}
	_, err = rm.Opts.Sources.Begin(r.Context(), s.Slug, runner.Ask{Trigger: model.RunByHand, Actor: rm.Actor(r, a), Dry: r.PostFormValue("dry") != ""})
	return rm.began(w, r, s, err, "")
}

// approve reads again, and carries the plan out if it is still the same.
func (rm *Room) approve(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, run, err := rm.run(r)
	if err != nil {
		return err
	}
	_, err = rm.Opts.Sources.Begin(r.Context(), s.Slug, runner.Ask{Trigger: model.RunByApproval, Actor: rm.Actor(r, a), Approves: run.ID})
	return rm.began(w, r, s, err, decidedAlready(run))
}

func (rm *Room) reject(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, run, err := rm.run(r)
	if err != nil {
		return err
	}
	if err := rm.Store.RejectRun(r.Context(), rm.Actor(r, a), s.Slug, run.ID); err != nil {
		return rm.began(w, r, s, err, decidedAlready(run))
	}
	return rm.Done(w, r, paths.Source(s.Slug), "The plan was rejected: nothing of it was done.")
}

func (rm *Room) undo(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, run, err := rm.run(r)
	if err != nil {
		return err
	}
	_, err = rm.Opts.Sources.BeginUndo(r.Context(), rm.Actor(r, a), s.Slug, run.ID)
	return rm.began(w, r, s, err, "It was undone already, or changed nothing.")
}

// decidedAlready says what became of a plan that waits no more.
func decidedAlready(run model.SourceRun) string {
	if run.DecidedBy != "" {
		return run.DecidedBy + " has decided already."
	}
	return "It waits no more: a later run has a plan of its own."
}

// began goes on to the source's page, or says there why a run could not begin.
func (rm *Room) began(w http.ResponseWriter, r *http.Request, s model.Source, err error, conflict string) error {
	to := paths.Source(s.Slug)
	var changed *store.ChangedSince
	switch {
	case err == nil:
		return kit.SeeOther(w, r, to)
	case errors.Is(err, store.ErrRunning):
		return rm.Inform(w, r, to, "Another run of this source is under way. Wait until it is over.")
	case errors.Is(err, store.ErrTransition):
		return rm.Inform(w, r, to, "The source is paused. Let it go on first.")
	case errors.Is(err, store.ErrConflict):
		return rm.Inform(w, r, to, "Nothing was changed. "+conflict)
	case errors.As(err, &changed):
		return rm.Inform(w, r, to, fmt.Sprintf("Nothing was undone: %s since then (%s). Change them back by hand.",
			ui.Count(changed.Count, "user was changed or signed in", "users were changed or signed in"), ui.List(changed.Users)))
	default:
		return err
	}
}

// status pauses a source, lets it go on, or makes a draft live that pushes.
func (rm *Room) status(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.source(r)
	if err != nil {
		return err
	}
	to := model.SourceStatus(r.PostFormValue("status"))
	if to != model.SourceLive && to != model.SourcePaused {
		return store.ErrNotFound
	}
	if s.Status == to {
		return rm.Inform(w, r, paths.Source(s.Slug), "Nothing was changed: the source is "+sources.StatusWord(to)+" already.")
	}
	if _, err := rm.Store.UpdateSource(r.Context(), rm.Actor(r, a), s.Slug, 0, func(s *model.Source) error { s.Status = to; return nil }); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Source(s.Slug), "The source is "+sources.StatusWord(to)+" now.")
}

func (rm *Room) remove(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.source(r)
	if err != nil {
		return err
	}
	if problem := kit.Confirmed(r, s.Slug); problem != "" {
		return rm.render(w, r, a, problem)
	}
	err = rm.Store.DeleteSource(r.Context(), rm.Actor(r, a), s.Slug)
	if errors.Is(err, store.ErrTransition) {
		return rm.render(w, r, a, "Nothing was deleted. Pause the source first.")
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Sources, "The source “"+s.Name+"” was deleted. Its users stay.")
}
