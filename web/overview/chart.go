package overview

import (
	"context"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// chart counts the sign-ins of the chart asked for; what is not known is the one
// of 30 days.
func (rm *Room) chart(ctx context.Context, asked overview.Chart) (overview.Chart, []ui.DayCount, error) {
	switch asked {
	case overview.ChartDay:
		first := rm.Now().UTC().Truncate(time.Hour).Add(-(chartHours - 1) * time.Hour)
		counted, err := rm.Store.LoginHours(ctx, first)
		return asked, barsOf(counted, first, time.Hour, chartHours), err
	case overview.ChartWeek:
		counts, err := rm.dayBars(ctx, chartWeek)
		return asked, counts, err
	default:
		counts, err := rm.dayBars(ctx, chartDays)
		return overview.Chart30Days, counts, err
	}
}

// dayBars are the last days, each with the list of its logins.
func (rm *Room) dayBars(ctx context.Context, days int) ([]ui.DayCount, error) {
	first := kit.DaysAgo(rm.Now(), days)
	counted, err := rm.Store.LoginDays(ctx, "", first)
	bars := barsOf(counted, first, kit.Day, days)
	for i := range bars {
		text := bars[i].Day.Format(time.DateOnly)
		bars[i].Href = paths.WithQuery(paths.Logins, "from", text, "to", text)
	}
	return bars, err
}

// barsOf fills the times in which nothing happened with zeros.
func barsOf(counted []store.LoginDay, first time.Time, step time.Duration, n int) []ui.DayCount {
	bars := make([]ui.DayCount, n)
	for i := range bars {
		bars[i].Day = first.Add(time.Duration(i) * step)
	}
	for _, c := range counted {
		i := int(c.Day.Sub(first) / step)
		switch {
		case c.Day.Before(first) || i >= n: // a clock that was wrong dates logins into the future
		case c.Outcome == model.OutcomeSignedIn:
			bars[i].SignedIn += c.Count
		case c.Outcome == model.OutcomeRefused:
			bars[i].Refused += c.Count
		}
	}
	return bars
}
