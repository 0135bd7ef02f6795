package people

import (
	"cmp"
	"encoding/csv"
	"net/http"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web/csvimport"
	"github.com/postern-sso/postern/web/kit"
)

// exportUsers sends the users that the list's address chooses, as a CSV file
// that the import reads.
func (rm *Room) exportUsers(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.export(w, r, a, userQuery(r), "users.csv")
}

// exportMembers sends the members of a group.
func (rm *Room) exportMembers(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	g, err := rm.Store.Group(r.Context(), kit.PathValue(r, "name"))
	if err != nil {
		return err
	}
	return rm.export(w, r, a, store.UserQuery{Group: g.Name, Search: r.URL.Query().Get("q")}, "members.csv")
}

// export sends the users that q chooses. That somebody took them is in the audit.
func (rm *Room) export(w http.ResponseWriter, r *http.Request, a model.Administrator, q store.UserQuery, name string) error {
	if err := rm.Store.RecordAudit(r.Context(), rm.Actor(r, a), "user.export", cmp.Or(q.Group, name), kit.Chosen(r)); err != nil {
		return err
	}
	q.Page = store.Page{Limit: kit.ExportPage}
	return rm.sendCSV(w, r, name, csvimport.Columns, func() ([][]string, bool, error) {
		users, next, err := rm.Store.Users(r.Context(), q)
		if err != nil {
			return nil, false, err
		}
		ids := make([]string, 0, len(users))
		for _, u := range users {
			ids = append(ids, u.ID)
		}
		groups, err := rm.Store.ManualGroups(r.Context(), ids)
		rows := make([][]string, 0, len(users))
		for _, u := range users {
			rows = append(rows, exportRow(u, groups[u.ID]))
		}
		q.After = next
		return rows, next != "", err
	})
}

// sendCSV reads a part, by next, and sends it before it reads the one after, so that it
// needs little memory whatever the number of rows. A failure after the first part
// breaks the connection off: a file that is not whole must not look so.
func (rm *Room) sendCSV(w http.ResponseWriter, r *http.Request, name string, head []string, next func() (rows [][]string, more bool, err error)) error {
	out := csv.NewWriter(w)
	for first, more := true, true; more; first = false {
		var rows [][]string
		var err error
		rows, more, err = next()
		switch {
		case err != nil && first:
			return err
		case err != nil:
			rm.Log.ErrorContext(r.Context(), "export broken off", "error", err)
			panic(http.ErrAbortHandler)
		case first:
			w.Header().Set("Content-Type", "text/csv; charset=utf-8")
			w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
			_ = out.Write(head) // the writer keeps its error, Flush below meets it
		}
		for _, row := range rows {
			for i := range row {
				row[i] = csvimport.Guard(row[i])
			}
			_ = out.Write(row)
		}
		if out.Flush(); out.Error() != nil {
			return nil // the browser went away
		}
		kit.MoreTime(w)
	}
	return nil
}

// exportRow is a user in the order of csvimport.Columns.
func exportRow(u model.User, groups []string) []string {
	active := "yes"
	if !u.Active {
		active = "no"
	}
	return []string{u.Username, u.Email, u.DisplayName, u.FirstName, u.LastName, active, strings.Join(groups, ";")}
}
