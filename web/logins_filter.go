package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/ui"
)

// Ranges of time of the list of logins. Days are UTC, as the table of days is.
const (
	whenToday = "today"
	whenWeek  = "7d"
	whenMonth = "30d"
)

// daysBack is how many days a range has, today among them.
var daysBack = map[string]int{whenToday: 1, whenWeek: 7, whenMonth: 30}

// midnight is the beginning of the day, in UTC.
func midnight(t time.Time) time.Time { return t.UTC().Truncate(day) }

// daysAgo is when the range of that many days up to now begins.
func daysAgo(now time.Time, days int) time.Time { return midnight(now).AddDate(0, 0, 1-days) }

// loginFilter reads from the address which logins are asked for. What cannot be
// read is no filter; of a date, that is said.
func loginFilter(r *http.Request, now time.Time) (store.LoginQuery, console.LoginFilter, []model.Problem) {
	q := r.URL.Query()
	f := console.LoginFilter{
		Search: q.Get("q"), Connection: q.Get("connection"),
		From: strings.TrimSpace(q.Get("from")), To: strings.TrimSpace(q.Get("to")),
	}
	query := store.LoginQuery{Search: f.Search, Connection: f.Connection}
	switch o := model.Outcome(q.Get("outcome")); o {
	case model.OutcomePending, model.OutcomeSignedIn, model.OutcomeRefused:
		query.Outcome, f.Outcome = o, string(o)
	}
	if code := model.Code(q.Get("code")); slices.Contains(model.Codes, code) {
		query.Code, f.Code = code, string(code)
	}
	var problems []model.Problem
	if f.From != "" || f.To != "" {
		query.Since, query.Until, problems = daysFromTo(f.From, f.To)
	} else if days := daysBack[q.Get("when")]; days > 0 {
		f.When, query.Since = q.Get("when"), daysAgo(now, days)
	}
	return query, f, problems
}

// daysFromTo is the time from the beginning of one day to the end of another;
// either may be absent.
func daysFromTo(from, to string) (since, until time.Time, problems []model.Problem) {
	since, problems = dateOf(from, "from", nil)
	if until, problems = dateOf(to, "to", problems); !until.IsZero() {
		until = until.AddDate(0, 0, 1)
	}
	if !until.IsZero() && !since.Before(until) {
		problems = append(problems, model.Problem{Field: "to", Text: "The last day is before the first. Swap the two dates."})
	}
	return since, until, problems
}

// dateOf reads a day as browsers send it.
func dateOf(text, field string, problems []model.Problem) (time.Time, []model.Problem) {
	if text == "" {
		return time.Time{}, problems
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1 {
		return time.Time{}, append(problems, model.Problem{Field: field, Text: "“" + truncate(text, 40) + "” is not a day. Type it as 2026-11-23."})
	}
	return t, problems
}

// filterQuery is the filter of a list as a query, without the page and what
// belongs to parts of the page.
func filterQuery(r *http.Request) url.Values {
	q := r.URL.Query()
	for _, name := range []string{"after", "newest", "shown"} {
		q.Del(name)
	}
	return q
}

// reasonOptions are the reasons by which logins can be filtered.
func reasonOptions(selected string) []ui.Option {
	options := []ui.Option{{Label: "Any reason"}}
	for _, code := range model.Codes {
		options = append(options, ui.Option{Value: string(code), Label: sso.Explain(code).Title, Selected: string(code) == selected})
	}
	return options
}
