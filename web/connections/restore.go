package connections

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/connections"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/forecast"
	"github.com/postern-sso/postern/web/kit"
)

// restoreCase is a connection and the earlier revision that is to come back.
func (rm *Room) restoreCase(r *http.Request) (model.Connection, *model.Revision, error) {
	c, err := rm.Store.Connection(r.Context(), kit.PathValue(r, "slug"))
	if err != nil {
		return c, nil, err
	}
	number, err := strconv.Atoi(r.FormValue("number"))
	if err != nil || c.Live == nil {
		return c, nil, store.ErrNotFound
	}
	revisions, err := rm.Store.Revisions(r.Context(), c.Slug)
	if err != nil {
		return c, nil, err
	}
	for _, rev := range revisions {
		if rev.Number == number && rev.State == model.RevisionPast && !rev.LiveAt.IsZero() {
			return c, &rev, nil
		}
	}
	return c, nil, &store.Gone{Part: store.PartRevision, Object: c.Slug}
}

// reviewRestore says what bringing a revision back changes, and for whom.
func (rm *Room) reviewRestore(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderRestore(w, r, a, "")
}

func (rm *Room) renderRestore(w http.ResponseWriter, r *http.Request, a model.Administrator, problem string) error {
	c, rev, err := rm.restoreCase(r)
	if err != nil {
		return err
	}
	v := connections.RestorePage{
		Page:       rm.Page(r, a, layout.NavConnections, fmt.Sprintf("Bring back revision %d", rev.Number), "What changes, and for whom, before you do it."),
		Connection: c, Revision: *rev, Problem: problem,
		Differences: wizard.Differences(c.Live.Config, rev.Config, rm.Opts.PublicURL, c.Slug, rm.Now()),
	}
	v.Page.Crumbs = kit.SetupCrumbs(c)
	v.Preflight, err = forecast.With(rm.Kit).Preflight(r.Context(), c, rev)
	if v.Unusable = errors.Is(err, forecast.ErrUnusableMetadata); err != nil && !v.Unusable {
		return err
	}
	status := http.StatusOK
	if problem != "" {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, connections.Restore(v))
}

// restoreRevision makes an earlier revision the live one again. The draft, if
// there is one, stays.
func (rm *Room) restoreRevision(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, rev, err := rm.restoreCase(r)
	if err != nil {
		return err
	}
	flight, err := forecast.With(rm.Kit).Preflight(r.Context(), c, rev)
	if errors.Is(err, forecast.ErrUnusableMetadata) {
		return rm.renderRestore(w, r, a, "Nothing has changed: with this revision nobody could sign in.")
	}
	if err != nil {
		return err
	}
	if flight.Lost.Count > 0 && r.PostFormValue(ui.FieldAcceptLosses) == "" {
		return rm.renderRestore(w, r, a, forecast.LossesNotAccepted)
	}
	if err := rm.Store.Restore(r.Context(), rm.Actor(r, a), c.Slug, rev.Number); err != nil {
		return err
	}
	if err := forecast.With(rm.Kit).NoteLosses(r, a, c.Slug, flight); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Connection(c.Slug), fmt.Sprintf("Revision %d is live again.", rev.Number))
}

func (rm *Room) restoreList(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, rev, err := rm.restoreCase(r)
	if err != nil {
		return err
	}
	return forecast.With(rm.Kit).WriteForecasts(w, r, a, c, rev)
}
