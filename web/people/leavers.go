package people

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/kit"
)

// leaverQuery is which leavers a form or an address chooses, from the first on.
func leaverQuery(values url.Values) store.LeaverQuery {
	return store.LeaverQuery{Source: values.Get("source"), Search: values.Get("q")}
}

func (rm *Room) listLeavers(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	q := leaverQuery(r.URL.Query())
	q.Page = kit.PageOf(r)
	leavers, next, err := rm.Store.Leavers(r.Context(), q)
	if err != nil {
		return err
	}
	sources, err := rm.Store.Sources(r.Context())
	if err != nil {
		return err
	}
	v := people.LeaversPage{Search: q.Search, Source: q.Source, Leavers: leavers, Paging: kit.Paging(r, paths.Leavers, next),
		Export: kit.WithQuery(paths.ExportLeavers, url.Values{"q": {q.Search}, "source": {q.Source}})}
	for _, s := range sources {
		if s.Status == model.SourceLive {
			v.Live = append(v.Live, s)
		}
	}
	if v.All, err = rm.CountLeavers(r.Context()); err != nil {
		return err
	}
	v.Page = rm.Page(r, a, layout.NavLeavers, "Leavers", "Active here, although a source says that they have left, and deactivated by no source.")
	return rm.Render(w, r, http.StatusOK, people.Leavers(v))
}

// previewLeavers shows what deactivating all whom the filters choose would change.
// Those who administer the console, and those whom somebody pinned, are ticked one by
// one or not at all.
func (rm *Room) previewLeavers(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", kit.ErrBadForm, err)
	}
	var names []string
	q := leaverQuery(r.PostForm)
	q.Limit = kit.ExportPage
	for more := true; more && len(names) <= maxBulk; more = q.After != "" {
		leavers, next, err := rm.Store.Leavers(r.Context(), q)
		if err != nil {
			return err
		}
		for _, l := range leavers {
			if l.Stays != model.StaysAdministrator && l.Stays != model.StaysPinned {
				names = append(names, l.Username)
			}
		}
		q.After = next
	}
	r.PostForm = url.Values{"do": {string(model.BulkDeactivate)}, "ticked": names, "back": {"leavers"}}
	return rm.previewBulk(w, r, a)
}

// adoptLeaver makes the source that says so the home of one person.
func (rm *Room) adoptLeaver(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	source, err := rm.Store.Source(r.Context(), r.FormValue("source"))
	if err != nil {
		return err
	}
	var not *store.NotAdopted
	switch u, err = rm.Store.Adopt(r.Context(), rm.Actor(r, a), u.Username, source.Slug); {
	case errors.As(err, &not):
		rm.PutFlash(r, layout.Flash{Kind: "warning", Text: "Nothing was changed. " + not.Why})
		return kit.SeeOther(w, r, paths.Leavers)
	case err != nil:
		return err
	}
	return rm.Done(w, r, paths.Leavers, u.Username+" belongs to “"+source.Name+"” now. Its next run decides about them as about its other people.")
}

// leaverColumns are the head of the file.
var leaverColumns = []string{"username", "email", "display_name", "source", "says", "why", "gone_since", "stays_active_because", "last_login", "groups"}

// exportLeavers sends those whom the address chooses as a CSV file. That somebody took
// it is in the audit.
func (rm *Room) exportLeavers(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	if err := rm.Store.RecordAudit(r.Context(), rm.Actor(r, a), "user.export", "leavers.csv", kit.Chosen(r)); err != nil {
		return err
	}
	q := leaverQuery(r.URL.Query())
	q.Limit = kit.ExportPage
	return rm.sendCSV(w, r, "leavers.csv", leaverColumns, func() ([][]string, bool, error) {
		leavers, next, err := rm.Store.Leavers(r.Context(), q)
		rows := make([][]string, 0, len(leavers))
		for _, l := range leavers {
			rows = append(rows, leaverRow(l))
		}
		q.After = next
		return rows, next != "", err
	})
}

// leaverRow is a leaver in the order of leaverColumns.
func leaverRow(l model.Leaver) []string {
	return []string{l.Username, l.Email, l.DisplayName, l.SourceSlug, string(l.Says), l.Why, kit.CSVTime(l.Gone), string(l.Stays), kit.CSVTime(l.LastLoginAt),
		strings.Join(l.Groups, ";")}
}
