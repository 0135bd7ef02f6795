package logins

import (
	"net/http"
	"strconv"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/logins"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

// maxNews is as far as new logins are counted.
const maxNews = 100

// loginNews is where a list asks for logins that came after its newest.
func loginNews(r *http.Request, newest time.Time, shown int) string {
	q := filterQuery(r)
	q.Set("newest", newest.UTC().Format(time.RFC3339Nano))
	if shown > 0 {
		q.Set("shown", strconv.Itoa(shown))
	}
	return kit.WithQuery(paths.LoginsNews, q)
}

// newLogins says how many logins came since the list was loaded. It answers 204
// while the page says so already, so that nobody hears it twice.
func (rm *Room) newLogins(w http.ResponseWriter, r *http.Request, _ model.Administrator) error {
	list := kit.WithQuery(paths.Logins, filterQuery(r))
	newest, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("newest"))
	if r.Header.Get("HX-Request") == "" || err != nil || newest.Year() < 1 {
		return kit.SeeOther(w, r, list)
	}
	query, _, _ := loginFilter(r, rm.Now())
	if after := newest.Add(time.Microsecond); after.After(query.Since) {
		query.Since = after
	}
	n, err := rm.Store.CountNewLogins(r.Context(), query, maxNews)
	if err != nil {
		return err
	}
	if shown, _ := strconv.Atoi(r.URL.Query().Get("shown")); n == shown {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return rm.Render(w, r, http.StatusOK, logins.LoginNews(logins.News{
		Count: n, More: n == maxNews, List: list, Poll: loginNews(r, newest, n),
	}))
}
