package overview

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/web/standing"
	"github.com/postern-sso/postern/web/traces"
	"github.com/postern-sso/postern/web/trust"
)

// How much the overview shows.
const (
	peopleOnOverview  = 10
	changesOnOverview = 6
	chartDays         = 30
	chartWeek         = 7
	chartHours        = 24
	reasonDays        = 7
	clockNow          = 2 // days whose logins tell how the clocks are now
)

func (rm *Room) showOverview(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	v, err := rm.overview(r.Context(), overview.Chart(r.URL.Query().Get("chart")))
	if err != nil {
		return err
	}
	v.Page = rm.Page(r, a, layout.NavOverview, "Overview", "")
	return rm.Render(w, r, http.StatusOK, overview.Overview(v))
}

func (rm *Room) overview(ctx context.Context, chart overview.Chart) (overview.OverviewPage, error) {
	v := overview.OverviewPage{Now: rm.Now()}
	connections, err := rm.Store.Connections(ctx)
	if err != nil || len(connections) == 0 {
		return v, err
	}
	f := facts{}
	judged, err := standing.With(rm.Kit).Connections(ctx, connections)
	if err != nil {
		return v, err
	}
	uses, err := rm.Store.CertificateUses(ctx, rm.Now(), idsOf(connections)...)
	if err != nil {
		return v, err
	}
	for _, c := range judged {
		oc := overview.OverviewConnection{Connection: c.Connection, Evidence: c.Evidence, Health: c.Health}
		if n, found := certificateNeed(c, trust.With(rm.Kit).JudgeChange(c.Connection, c.Evidence.Check, uses), rm.Now()); found {
			f.certificates = append(f.certificates, n)
		}
		if oc.Clock, err = traces.With(rm.Kit).Clock(ctx, c.Connection, clockNow); err != nil {
			return v, err
		}
		v.Connections = append(v.Connections, oc)
	}
	apps, err := standing.With(rm.Kit).Apps(ctx, "")
	if err != nil {
		return v, err
	}
	for _, a := range apps {
		v.Apps = append(v.Apps, overview.OverviewApp{App: a.App, Evidence: a.Evidence, Health: a.Health})
	}
	if v.Sources, err = rm.sources(ctx); err != nil {
		return v, err
	}
	if v.Chart, v.Days, err = rm.chart(ctx, chart); err != nil {
		return v, err
	}
	refused, err := rm.Store.RefusalCauses(ctx, since(rm.Now()))
	if err != nil {
		return v, err
	}
	v.Causes = causes(refused, judged)
	if v.People, err = rm.triedPeople(ctx, connections); err != nil {
		return v, err
	}
	entries, more, err := rm.Store.Acts(ctx, changesOnOverview, rm.Now())
	if err != nil {
		return v, err
	}
	v.Changes = rm.changes(entries, more, v)
	if mayBeMadeAnew(judged) {
		if f.anew, err = rm.Store.MadeAnew(ctx, rm.Now()); err != nil {
			return v, err
		}
	}
	if f.failures, err = rm.Store.NoticeFailures(ctx); err != nil {
		return v, err
	}
	if f.leavers, err = rm.CountLeavers(ctx); err != nil {
		return v, err
	}
	f.obstacles = rm.Opts.Readiness.Obstacles(rm.Now().Add(-obstaclesFor))
	f.backups = rm.Opts.Backups
	if v.Alarm, err = rm.alarm(v); err != nil {
		return v, err
	}
	v.State, v.Word, v.WordAt = whole(v.Connections)
	v.Flow = flow(v)
	f.page = v
	v.Needs = needs(f)
	return v, nil
}

func idsOf(connections []model.Connection) []int64 {
	var ids []int64
	for _, c := range connections {
		ids = append(ids, c.ID)
	}
	return ids
}

// mayBeMadeAnew tells whether it is worth looking for people whom AWS calls by
// other ids than before: they are refused for one reason.
func mayBeMadeAnew(all []standing.Connection) bool {
	return slices.ContainsFunc(all, func(c standing.Connection) bool {
		return slices.ContainsFunc(c.Evidence.Refusals, func(r model.RefusalEvidence) bool { return r.Code == model.CodeUsernameTaken && r.Day > 2 })
	})
}

// whole is how sign-in does, all connections together.
func whole(all []overview.OverviewConnection) (health.State, string, time.Time) {
	open, bad := 0, 0
	var last time.Time
	for _, c := range all {
		if c.Connection.Status != model.StatusLive || c.Connection.Live == nil {
			continue
		}
		open++
		if c.Health.State == health.Bad {
			bad++
		}
		if c.Evidence.LastSuccess.After(last) {
			last = c.Evidence.LastSuccess
		}
	}
	switch {
	case open == 0:
		return health.None, "No connection is live", time.Time{}
	case bad == open:
		return health.Bad, "People cannot sign in", last
	case bad > 0:
		return health.Bad, "Through one connection people cannot sign in", last
	case last.IsZero():
		return health.None, "No sign-in yet", time.Time{}
	default:
		return worst(all), "People can sign in", last
	}
}

// worst is the state of the live connection that does worst, of those that do not
// fail.
func worst(all []overview.OverviewConnection) health.State {
	state := health.Good
	for _, c := range all {
		if c.Connection.Status == model.StatusLive && c.Health.State == health.Warn {
			state = health.Warn
		}
	}
	return state
}

// triedPeople are those whom AWS let through and who were refused here, with what
// cures it.
func (rm *Room) triedPeople(ctx context.Context, connections []model.Connection) ([]overview.TriedPerson, error) {
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
		cause := traces.CauseOf(p.Login.Refusal.Code, p.Login.Refusal)
		tried := overview.TriedPerson{
			Name: name, Email: p.Email, Connection: model.NameOf(connections, p.Connection), LoginID: p.LastLoginID, Count: p.Count, LastAt: p.LastAt,
			Happened: cause.Happened, Cure: traces.CureOf(p.Login, p.Login.Refusal.Code, p.Facts, model.ConnectionOf(connections, p.Connection)),
		}
		if cause.Cure == sso.CureAdd {
			tried.Add = p.Login.Person
		}
		people = append(people, tried)
	}
	return people, nil
}
