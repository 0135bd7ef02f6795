package people

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/csvimport"
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

// eachLeaver hands over all that the query chooses, a part at a time, until do says
// that it is enough.
func (rm *Room) eachLeaver(r *http.Request, q store.LeaverQuery, do func([]model.Leaver) bool) error {
	q.Page = store.Page{Limit: exportAtOnce}
	for first := true; first || q.After != ""; first = false {
		leavers, next, err := rm.Store.Leavers(r.Context(), q)
		if err != nil {
			return err
		}
		if !do(leavers) {
			return nil
		}
		q.After = next
	}
	return nil
}

// previewLeavers shows what deactivating all whom the filters choose would change.
// Those who administer the console, and those whom somebody pinned, are ticked one by
// one or not at all.
func (rm *Room) previewLeavers(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", kit.ErrBadForm, err)
	}
	var names []string
	err := rm.eachLeaver(r, leaverQuery(r.PostForm), func(leavers []model.Leaver) bool {
		for _, l := range leavers {
			if l.Stays != model.StaysAdministrator && l.Stays != model.StaysPinned {
				names = append(names, l.Username)
			}
		}
		return len(names) <= maxBulk
	})
	if err != nil {
		return err
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
	out, begun := csv.NewWriter(w), false
	err := rm.eachLeaver(r, leaverQuery(r.URL.Query()), func(leavers []model.Leaver) bool {
		if !begun {
			begun = true
			w.Header().Set("Content-Type", "text/csv; charset=utf-8")
			w.Header().Set("Content-Disposition", `attachment; filename="leavers.csv"`)
			_ = out.Write(leaverColumns) // the writer keeps its error, Flush below meets it
		}
		for _, l := range leavers {
			_ = out.Write(leaverRow(l))
		}
		out.Flush()
		kit.MoreTime(w)
		return out.Error() == nil
	})
	if err != nil && begun {
		rm.Log.ErrorContext(r.Context(), "export broken off", "error", err)
		panic(http.ErrAbortHandler) // a file that is not whole must not look so
	}
	return err
}

// leaverRow is a leaver in the order of leaverColumns.
func leaverRow(l model.Leaver) []string {
	row := []string{l.Username, l.Email, l.DisplayName, l.SourceSlug, string(l.Says), l.Why, timeText(l.Gone), string(l.Stays), timeText(l.LastLoginAt),
		strings.Join(l.Groups, ";")}
	for i := range row {
		row[i] = csvimport.Guard(row[i])
	}
	return row
}

// timeText is a time for programs; empty for none.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
