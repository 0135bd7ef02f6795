package web

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
)

// restoreCase is a connection and the earlier revision that is to come back.
func (rm *connectionsRoom) restoreCase(r *http.Request) (model.Connection, *model.Revision, error) {
	c, err := rm.store.Connection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return c, nil, err
	}
	number, err := strconv.Atoi(r.FormValue("number"))
	if err != nil || c.Live == nil {
		return c, nil, store.ErrNotFound
	}
	revisions, err := rm.store.Revisions(r.Context(), c.Slug)
	if err != nil {
		return c, nil, err
	}
	for _, rev := range revisions {
		if rev.Number == number && rev.State == model.RevisionPast && !rev.LiveAt.IsZero() {
			return c, &rev, nil
		}
	}
	return c, nil, store.ErrNotFound
}

// reviewRestore says what bringing a revision back changes, and for whom.
func (rm *connectionsRoom) reviewRestore(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.renderRestore(w, r, a, "")
}

func (rm *connectionsRoom) renderRestore(w http.ResponseWriter, r *http.Request, a model.Administrator, problem string) error {
	c, rev, err := rm.restoreCase(r)
	if err != nil {
		return err
	}
	v := console.RestorePage{
		Page:       rm.page(r, a, layout.NavConnections, fmt.Sprintf("Bring back revision %d", rev.Number), "What changes, and for whom, before you do it."),
		Connection: c, Revision: *rev, Problem: problem,
		Differences: wizard.Differences(c.Live.Config, rev.Config, rm.opts.PublicURL, c.Slug, rm.now()),
	}
	v.Page.Crumbs = setupCrumbs(c)
	v.Preflight, err = onForecast(rm.kit).preflight(r.Context(), c, rev)
	if v.Unusable = errors.Is(err, errUnusableMetadata); err != nil && !v.Unusable {
		return err
	}
	status := http.StatusOK
	if problem != "" {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.render(w, r, status, console.Restore(v))
}

// restoreRevision makes an earlier revision the live one again. The draft, if
// there is one, stays.
func (rm *connectionsRoom) restoreRevision(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, rev, err := rm.restoreCase(r)
	if err != nil {
		return err
	}
	flight, err := onForecast(rm.kit).preflight(r.Context(), c, rev)
	if errors.Is(err, errUnusableMetadata) {
		return rm.renderRestore(w, r, a, "Nothing has changed: with this revision nobody could sign in.")
	}
	if err != nil {
		return err
	}
	if flight.Lost > 0 && r.PostFormValue(ui.FieldAcceptLosses) == "" {
		return rm.renderRestore(w, r, a, lossesNotAccepted)
	}
	if err := rm.store.Restore(r.Context(), rm.actor(r, a), c.Slug, rev.Number); err != nil {
		return err
	}
	if err := onForecast(rm.kit).noteLosses(r, a, c.Slug, flight); err != nil {
		return err
	}
	return rm.done(w, r, paths.Connection(c.Slug), fmt.Sprintf("Revision %d is live again.", rev.Number))
}

func (rm *connectionsRoom) restoreList(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, rev, err := rm.restoreCase(r)
	if err != nil {
		return err
	}
	return onForecast(rm.kit).writeForecasts(w, r, a, c, rev)
}

// writeForecasts is the forecast of everybody known, as CSV. The names of the
// columns are a contract.
func (lf forecastLeaf) writeForecasts(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection, next *model.Revision) error {
	if _, err := lf.forecaster(c.Slug, next); err != nil {
		return err
	}
	if err := lf.store.RecordAudit(r.Context(), lf.actor(r, a), "user.export", "users",
		fmt.Sprintf("who gets in through %s with revision %d", c.Slug, next.Number)); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="who-gets-in-%s-%d.csv"`, c.Slug, next.Number))
	out := csv.NewWriter(w)
	if err := out.Write([]string{"username", "display_name", "email", "active", "today", "afterwards", "reason_code", "locked_out"}); err != nil {
		return nil // the browser is gone
	}
	err := lf.eachForecast(r.Context(), c, next, func(f ui.Forecast) error {
		record := []string{f.User.Username, f.User.DisplayName, f.User.Email, strconv.FormatBool(f.User.Active),
			f.Today.Words(), f.Then.Words(), string(f.Then.Code), strconv.FormatBool(f.Lost())}
		for i := range record {
			record[i] = harmlessCell(record[i])
		}
		return out.Write(record)
	})
	if err != nil {
		// Half of the file is out: only breaking off tells the browser.
		lf.log.ErrorContext(r.Context(), "list broken off", "reference", requestID(r.Context()), "error", err)
		panic(http.ErrAbortHandler)
	}
	out.Flush()
	return nil
}
