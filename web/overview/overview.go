package overview

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/traces"
	"github.com/postern-sso/postern/web/trust"
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

func (rm *Room) showOverview(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, err := rm.overview(r.Context())
	if err != nil {
		return err
	}
	v.Page = rm.Page(r, a, layout.NavOverview, "Overview", "How sign-in through AWS is doing, what needs you, and what changed.")
	return rm.Render(w, r, http.StatusOK, overview.Overview(v))
}

func (rm *Room) overview(ctx context.Context) (overview.OverviewPage, error) {
	v := overview.OverviewPage{Now: rm.Now()}
	connections, err := rm.Store.Connections(ctx)
	if err != nil || len(connections) == 0 {
		return v, err
	}
	uses, err := rm.Store.CertificateUses(ctx, rm.Now(), idsOf(connections)...)
	if err != nil {
		return v, err
	}
	for _, c := range connections {
		oc := overview.OverviewConnection{Connection: c}
		if side := trust.With(rm.Kit).AwsSide(c.Current()); side != nil {
			oc.Certificates = side.Certificates
		}
		if oc.Check, err = rm.Store.MetadataCheck(ctx, c.ID); err != nil {
			return v, err
		}
		oc.Change = trust.With(rm.Kit).JudgeChange(c, oc.Check, uses)
		if oc.Clock, err = traces.With(rm.Kit).Clock(ctx, c, clockNow); err != nil {
			return v, err
		}
		v.Connections = append(v.Connections, oc)
	}
	counted, err := rm.Store.LoginDays(ctx, "", kit.DaysAgo(rm.Now(), chartDays))
	if err != nil {
		return v, err
	}
	v.Days = chartOf(counted, rm.Now())
	if v.Reasons, err = rm.reasons(ctx, counted); err != nil {
		return v, err
	}
	refused, _, err := rm.Store.Logins(ctx, store.LoginQuery{Outcome: model.OutcomeRefused, Page: store.Page{Limit: refusedOnOverview}})
	if err != nil {
		return v, err
	}
	v.Refused = traces.With(rm.Kit).LoginRows(refused)
	if v.People, err = rm.triedPeople(ctx); err != nil {
		return v, err
	}
	entries, _, err := rm.Store.Audit(ctx, store.AuditQuery{Page: store.Page{Limit: changesOnOverview}})
	for _, e := range entries {
		v.Changes = append(v.Changes, parts.AuditRow{Entry: e, Action: kit.ActionWords(e.Action)})
	}
	v.Needs = needs(v)
	return v, err
}

func idsOf(connections []model.Connection) []int64 {
	var ids []int64
	for _, c := range connections {
		ids = append(ids, c.ID)
	}
	return ids
}

// chartOf fills the days on which nothing happened with zeros.
func chartOf(counted []store.LoginDay, now time.Time) []ui.DayCount {
	first := kit.DaysAgo(now, chartDays)
	days := make([]ui.DayCount, chartDays)
	for i := range days {
		date := first.AddDate(0, 0, i)
		text := date.Format(time.DateOnly)
		days[i] = ui.DayCount{Day: date, Href: paths.WithQuery(paths.Logins, "from", text, "to", text)}
	}
	for _, c := range counted {
		i := int(kit.Midnight(c.Day).Sub(first) / kit.Day)
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
func (rm *Room) reasons(ctx context.Context, counted []store.LoginDay) ([]overview.ReasonCount, error) {
	since := kit.DaysAgo(rm.Now(), reasonDays)
	byCode := map[model.Code]int{}
	for _, c := range counted {
		if c.Code != "" && !c.Day.Before(since) {
			byCode[c.Code] += c.Count
		}
	}
	unanswered, err := rm.Store.CountNewLogins(ctx, store.LoginQuery{Code: model.CodeNoAnswer, Since: since}, countedNoAnswers)
	if err != nil {
		return nil, err
	}
	if unanswered > 0 {
		byCode[model.CodeNoAnswer] = unanswered
	}
	all := make([]overview.ReasonCount, 0, len(byCode))
	for code, n := range byCode {
		e := sso.Explain(code)
		all = append(all, overview.ReasonCount{
			Code: code, Title: e.Title, Who: e.Who, Count: n, AtLeast: code == model.CodeNoAnswer && n == countedNoAnswers,
			Href: paths.WithQuery(paths.Logins, "code", string(code), "when", kit.WhenWeek),
		})
	}
	slices.SortFunc(all, func(a, b overview.ReasonCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	return all, nil
}

// triedPeople are those whom AWS let through and who are not known here.
func (rm *Room) triedPeople(ctx context.Context) ([]overview.TriedPerson, error) {
	refused, err := rm.Store.RefusedPeople(ctx, "", peopleOnOverview)
	if err != nil {
		return nil, err
	}
	var people []overview.TriedPerson
	for _, p := range refused {
		name := p.DisplayName
		if name == "" {
			name = p.Username
		}
		people = append(people, overview.TriedPerson{
			Name: name, Username: p.Username, DisplayName: p.DisplayName, FirstName: p.FirstName, LastName: p.LastName,
			Email: p.Email, Connection: p.Connection, LoginID: p.LastLoginID, Count: p.Count, LastAt: p.LastAt,
			Edit: traces.AddPerson(p.Username, p.Email, p.DisplayName, p.FirstName, p.LastName),
		})
	}
	return people, nil
}
