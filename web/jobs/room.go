// Package jobs is the room of work that goes on after the request that started it.
package jobs

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/jobs"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/csvimport"
	"github.com/postern-sso/postern/web/kit"
)

// Room shows jobs, ends them and undoes what they did.
type Room struct{ *kit.Kit }

// New makes the room.
func New(k *kit.Kit) *Room { return &Room{Kit: k} }

// Routes are the pages of the room.
func (rm *Room) Routes() []kit.Route {
	return []kit.Route{
		kit.Get("/jobs", model.RoleViewer, rm.list),
		kit.Get("/jobs/{id}", model.RoleViewer, rm.show),
		kit.Get("/jobs/{id}/rows.csv", model.RoleAdmin, rm.rowsToMend),
		kit.Post("/jobs/{id}/cancel", model.RoleAdmin, rm.cancel),
		kit.Post("/jobs/{id}/undo", model.RoleAdmin, rm.undo),
	}
}

// rowsShown is how many rows that were not done a page lists.
const rowsShown = 200

func (rm *Room) list(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	found, next, err := rm.Store.Jobs(r.Context(), kit.PageOf(r))
	if err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, jobs.List(jobs.ListPage{
		Page: rm.Page(r, a, layout.NavUsers, "Background work", "What takes long goes on here, and is kept for 30 days after its end."),
		Jobs: found, Paging: kit.Paging(r, paths.Jobs, next),
	}))
}

// job is the one that the address names.
func (rm *Room) job(r *http.Request) (model.Job, error) {
	id, err := strconv.ParseInt(kit.PathValue(r, "id"), 10, 64)
	if err != nil {
		return model.Job{}, store.ErrNotFound
	}
	return rm.Store.Job(r.Context(), id)
}

func (rm *Room) show(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	j, err := rm.job(r)
	if err != nil {
		return err
	}
	v := jobs.JobPage{Page: rm.Page(r, a, layout.NavUsers, parts.JobTitle(j), ""), Job: j, Now: rm.Now()}
	v.Page.Crumbs = []layout.Crumb{{Label: "Users", Href: paths.Users}, {Label: "Background work", Href: paths.Jobs}}
	if v.Rows, err = rm.Store.JobAside(r.Context(), j, rowsShown); err != nil {
		return err
	}
	return rm.Render(w, r, http.StatusOK, jobs.Show(v))
}

// rowsToMend hands out the rows that were not imported, with what is wrong.
func (rm *Room) rowsToMend(w http.ResponseWriter, r *http.Request, _ model.Administrator) error {
	j, err := rm.job(r)
	if err != nil {
		return err
	}
	rows, err := rm.Store.JobAside(r.Context(), j, csvimport.MaxRows)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="to-mend-%s.csv"`, j.CreatedAt.UTC().Format(time.DateOnly)))
	_, err = w.Write(csvimport.Mend(j.Columns, rows))
	return err
}

func (rm *Room) cancel(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	j, err := rm.job(r)
	if err != nil {
		return err
	}
	if err := rm.Store.CancelJob(r.Context(), rm.Actor(r, a), j.ID); err != nil {
		return err
	}
	return kit.SeeOther(w, r, paths.Job(j.ID))
}

func (rm *Room) undo(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	j, err := rm.job(r)
	if err != nil {
		return err
	}
	undo, err := rm.Store.StartImportUndo(r.Context(), rm.Actor(r, a), j.ID, rm.Now())
	if err != nil {
		return err
	}
	return rm.AnswerJob(w, r, undo, paths.Users)
}
