package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
)

// How much the overview shows.
const (
	refusedOnOverview = 5
	peopleOnOverview  = 10
	changesOnOverview = 6
	chartDays         = 30
	reasonDays        = 7
	clockNow          = 2    // days whose logins tell how the clocks are now
	countedNoAnswers  = 1000 // attempts without answer are counted up to here
)

func (s *Server) showOverview(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, err := s.overview(r.Context())
	if err != nil {
		return err
	}
	v.Page = s.page(r, a, layout.NavOverview, "Overview", "How sign-in through AWS is doing, what needs you, and what changed.")
	return s.render(w, r, http.StatusOK, console.Overview(v))
}

func (s *Server) overview(ctx context.Context) (console.OverviewPage, error) {
	v := console.OverviewPage{Now: s.now()}
	connections, err := s.store.Connections(ctx)
	if err != nil || len(connections) == 0 {
		return v, err
	}
	for _, c := range connections {
		oc := console.OverviewConnection{Connection: c}
		if side := s.awsSide(c.Current()); side != nil {
			oc.Certificates = side.Certificates
		}
		if oc.Check, err = s.store.MetadataCheck(ctx, c.ID); err != nil {
			return v, err
		}
		if oc.Clock, err = s.clock(ctx, c, clockNow); err != nil {
			return v, err
		}
		v.Connections = append(v.Connections, oc)
	}
	counted, err := s.store.LoginDays(ctx, "", daysAgo(s.now(), chartDays))
	if err != nil {
		return v, err
	}
	v.Days = chartOf(counted, s.now())
	if v.Reasons, err = s.reasons(ctx, counted); err != nil {
		return v, err
	}
	refused, _, err := s.store.Logins(ctx, store.LoginQuery{Outcome: model.OutcomeRefused, Page: store.Page{Limit: refusedOnOverview}})
	if err != nil {
		return v, err
	}
	v.Refused = s.loginRows(refused)
	if v.People, err = s.triedPeople(ctx); err != nil {
		return v, err
	}
	entries, _, err := s.store.Audit(ctx, store.AuditQuery{Page: store.Page{Limit: changesOnOverview}})
	for _, e := range entries {
		v.Changes = append(v.Changes, console.AuditRow{Entry: e, Action: actionWords(e.Action)})
	}
	v.Needs = needs(v)
	return v, err
}

// chartOf fills the days on which nothing happened with zeros.
func chartOf(counted []store.LoginDay, now time.Time) []ui.DayCount {
	first := daysAgo(now, chartDays)
	days := make([]ui.DayCount, chartDays)
	for i := range days {
		date := first.AddDate(0, 0, i)
		text := date.Format(time.DateOnly)
		days[i] = ui.DayCount{Day: date, Href: paths.WithQuery(paths.Logins, "from", text, "to", text)}
	}
	for _, c := range counted {
		i := int(midnight(c.Day).Sub(first) / day)
		switch {
		case i < 0 || i >= len(days): // a clock that was wrong dates logins into the future
		case c.Outcome == model.OutcomeSignedIn:
			days[i].SignedIn += c.Count
		case c.Outcome == model.OutcomeRefused:
			days[i].Refused += c.Count
		}
	}
	return days
}

// reasons counts the refusals of the last days by reason, the most frequent
// first, and the attempts that AWS never answered.
func (s *Server) reasons(ctx context.Context, counted []store.LoginDay) ([]console.ReasonCount, error) {
	since := daysAgo(s.now(), reasonDays)
	byCode := map[model.Code]int{}
	for _, c := range counted {
		if c.Code != "" && !c.Day.Before(since) {
			byCode[c.Code] += c.Count
		}
	}
	unanswered, err := s.store.CountNewLogins(ctx, store.LoginQuery{Code: model.CodeNoAnswer, Since: since}, countedNoAnswers)
	if err != nil {
		return nil, err
	}
	if unanswered > 0 {
		byCode[model.CodeNoAnswer] = unanswered
	}
	all := make([]console.ReasonCount, 0, len(byCode))
	for code, n := range byCode {
		e := sso.Explain(code)
		all = append(all, console.ReasonCount{
			Code: code, Title: e.Title, Who: e.Who, Count: n, AtLeast: code == model.CodeNoAnswer && n == countedNoAnswers,
			Href: paths.WithQuery(paths.Logins, "code", string(code), "when", whenWeek),
		})
	}
	slices.SortFunc(all, func(a, b console.ReasonCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	return all, nil
}

// triedPeople are those whom AWS let through and who are not known here.
func (s *Server) triedPeople(ctx context.Context) ([]console.TriedPerson, error) {
	refused, err := s.store.RefusedPeople(ctx, "", peopleOnOverview)
	if err != nil {
		return nil, err
	}
	var people []console.TriedPerson
	for _, p := range refused {
		name := p.DisplayName
		if name == "" {
			name = p.Username
		}
		people = append(people, console.TriedPerson{
			Name: name, Username: p.Username, DisplayName: p.DisplayName, FirstName: p.FirstName, LastName: p.LastName,
			Email: p.Email, Connection: p.Connection, LoginID: p.LastLoginID, Count: p.Count, LastAt: p.LastAt,
			Edit: addPerson(p.Username, p.Email, p.DisplayName, p.FirstName, p.LastName),
		})
	}
	return people, nil
}
