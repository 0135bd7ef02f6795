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

// exportAtOnce is how many users are read and sent at a time.
const exportAtOnce = 1000

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

// export reads a part and sends it before it reads the next, so that it needs
// little memory whatever the number of users. A failure after the first part
// breaks the connection off: a file that is not whole must not look so. That
// somebody took it is in the audit.
func (rm *Room) export(w http.ResponseWriter, r *http.Request, a model.Administrator, q store.UserQuery, name string) error {
	if err := rm.Store.RecordAudit(r.Context(), rm.Actor(r, a), "user.export", cmp.Or(q.Group, name), kit.Chosen(r)); err != nil {
		return err
	}
	q.Page = store.Page{Limit: exportAtOnce}
	out := csv.NewWriter(w)
	for first := true; first || q.After != ""; first = false {
		users, next, err := rm.Store.Users(r.Context(), q)
		ids := make([]string, 0, len(users))
		for _, u := range users {
			ids = append(ids, u.ID)
		}
		var groups map[string][]string
		if err == nil {
			groups, err = rm.Store.ManualGroups(r.Context(), ids)
		}
		switch {
		case err != nil && first:
			return err
		case err != nil:
			rm.Log.ErrorContext(r.Context(), "export broken off", "error", err)
			panic(http.ErrAbortHandler)
		case first:
			w.Header().Set("Content-Type", "text/csv; charset=utf-8")
			w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
			_ = out.Write(csvimport.Columns) // the writer keeps its error, Flush below meets it
		}
		for _, u := range users {
			_ = out.Write(exportRow(u, groups[u.ID]))
		}
		if out.Flush(); out.Error() != nil {
			return nil // the browser went away
		}
		q.After = next
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
	row := []string{u.Username, u.Email, u.DisplayName, u.FirstName, u.LastName, active, strings.Join(groups, ";")}
	for i := range row {
		row[i] = csvimport.Guard(row[i])
	}
	return row
}
