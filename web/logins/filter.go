package logins

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/logins"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// loginFilter reads from the address which logins are asked for. What cannot be
// read is no filter; of a date, that is said.
func loginFilter(r *http.Request, now time.Time) (store.LoginQuery, logins.LoginFilter, []model.Problem) {
	q := r.URL.Query()
	f := logins.LoginFilter{
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
	if cause := model.Cause(q.Get("cause")); cause != "" {
		if code, usual, known := sso.CodeOf(cause); known && (f.Code == "" || query.Code == code) {
			query.Code, query.Cause, query.Unnamed = code, cause, usual
			f.Code, f.Cause = string(code), string(cause)
		}
	}
	var problems []model.Problem
	if f.From != "" || f.To != "" {
		query.Since, query.Until, problems = kit.DaysFromTo(f.From, f.To)
	} else if days := kit.DaysBack[q.Get("when")]; days > 0 {
		f.When, query.Since = q.Get("when"), kit.DaysAgo(now, days)
	}
	return query, f, problems
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

// causeOptions are the causes of a reason, by which its logins can be filtered;
// none where it has but one.
func causeOptions(code, selected string) []ui.Option {
	all := sso.Explain(model.Code(code)).Causes
	if code == "" || len(all) < 2 {
		return nil
	}
	options := []ui.Option{{Label: "Any cause"}}
	for _, c := range all {
		options = append(options, ui.Option{Value: string(c.ID), Label: c.Happened, Selected: string(c.ID) == selected})
	}
	return options
}

// reasonOptions are the reasons by which logins can be filtered.
func reasonOptions(selected string) []ui.Option {
	options := []ui.Option{{Label: "Any reason"}}
	for _, code := range model.Codes {
		options = append(options, ui.Option{Value: string(code), Label: sso.Explain(code).Title, Selected: string(code) == selected})
	}
	return options
}
