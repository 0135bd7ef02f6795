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
func (s *Server) restoreCase(r *http.Request) (model.Connection, *model.Revision, error) {
	c, err := s.store.Connection(r.Context(), pathValue(r, "slug"))
	if err != nil {
		return c, nil, err
	}
	number, err := strconv.Atoi(r.FormValue("number"))
	if err != nil || c.Live == nil {
		return c, nil, store.ErrNotFound
	}
	revisions, err := s.store.Revisions(r.Context(), c.Slug)
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
func (s *Server) reviewRestore(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return s.renderRestore(w, r, a, "")
}

func (s *Server) renderRestore(w http.ResponseWriter, r *http.Request, a model.Administrator, problem string) error {
	c, rev, err := s.restoreCase(r)
	if err != nil {
		return err
	}
	v := console.RestorePage{
		Page:       s.page(r, a, layout.NavConnections, fmt.Sprintf("Bring back revision %d", rev.Number), "What changes, and for whom, before you do it."),
		Connection: c, Revision: *rev, Problem: problem,
		Differences: wizard.Differences(c.Live.Config, rev.Config, s.opts.PublicURL, c.Slug, s.now()),
	}
	v.Page.Crumbs = setupCrumbs(c)
	v.Preflight, err = s.preflight(r.Context(), c, rev)
	if v.Unusable = errors.Is(err, errUnusableMetadata); err != nil && !v.Unusable {
		return err
	}
	status := http.StatusOK
	if problem != "" {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return s.render(w, r, status, console.Restore(v))
}

// restoreRevision makes an earlier revision the live one again. The draft, if
// there is one, stays.
func (s *Server) restoreRevision(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, rev, err := s.restoreCase(r)
	if err != nil {
		return err
	}
	flight, err := s.preflight(r.Context(), c, rev)
	if errors.Is(err, errUnusableMetadata) {
		return s.renderRestore(w, r, a, "Nothing has changed: with this revision nobody could sign in.")
	}
	if err != nil {
		return err
	}
	if flight.Lost > 0 && r.PostFormValue(ui.FieldAcceptLosses) == "" {
		return s.renderRestore(w, r, a, lossesNotAccepted)
	}
	if err := s.store.Restore(r.Context(), s.actor(r, a), c.Slug, rev.Number); err != nil {
		return err
	}
	if err := s.noteLosses(r, a, c.Slug, flight); err != nil {
		return err
	}
	return s.done(w, r, paths.Connection(c.Slug), fmt.Sprintf("Revision %d is live again.", rev.Number))
}

func (s *Server) restoreList(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	c, rev, err := s.restoreCase(r)
	if err != nil {
		return err
	}
	return s.writeForecasts(w, r, a, c, rev)
}

// writeForecasts is the forecast of everybody known, as CSV. The names of the
// columns are a contract.
func (s *Server) writeForecasts(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection, next *model.Revision) error {
	if _, err := s.forecaster(c.Slug, next); err != nil {
		return err
	}
	if err := s.store.RecordAudit(r.Context(), s.actor(r, a), "user.export", "users", fmt.Sprintf("who gets in through %s with revision %d", c.Slug, next.Number)); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="who-gets-in-%s-%d.csv"`, c.Slug, next.Number))
	out := csv.NewWriter(w)
	if err := out.Write([]string{"username", "display_name", "email", "active", "today", "afterwards", "reason_code", "locked_out"}); err != nil {
		return nil // the browser is gone
	}
	err := s.eachForecast(r.Context(), c, next, func(f ui.Forecast) error {
		record := []string{f.User.Username, f.User.DisplayName, f.User.Email, strconv.FormatBool(f.User.Active),
			f.Today.Words(), f.Then.Words(), string(f.Then.Code), strconv.FormatBool(f.Lost())}
		for i := range record {
			record[i] = harmlessCell(record[i])
		}
		return out.Write(record)
	})
	if err != nil {
		// Half of the file is out: only breaking off tells the browser.
		s.log.ErrorContext(r.Context(), "list broken off", "reference", requestID(r.Context()), "error", err)
		panic(http.ErrAbortHandler)
	}
	out.Flush()
	return nil
}
