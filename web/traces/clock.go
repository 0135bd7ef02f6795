package traces

import (
	"context"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// How the clocks are measured: the median of some logins of each day. A person
// who dawdles between AWS and here makes one login look late, not half of them.
const (
	ClockDays   = 30
	ClockPerDay = 40
)

// ClockPoints is the median difference of each day, oldest first.
func ClockPoints(samples []store.ClockSample, now time.Time, days int) []ui.ClockPoint {
	first := kit.DaysAgo(now, days)
	byDay := map[time.Time][]time.Duration{}
	for _, c := range samples {
		if here, aws, ok := sso.ClockTimes(c.Expected, c.Received); ok {
			at := kit.Midnight(c.StartedAt)
			byDay[at] = append(byDay[at], aws.Sub(here))
		}
	}
	points := make([]ui.ClockPoint, days)
	for i := range points {
		at := first.AddDate(0, 0, i)
		points[i] = ui.ClockPoint{Day: at, Ahead: median(byDay[at]), Logins: len(byDay[at])}
	}
	return points
}

// median is the middle one; of an even number the lower of the two in the
// middle. It is zero of none.
func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return all[(len(all)-1)/2]
}

// Clock says how AWS's clock and ours differ, by the logins of a connection.
func (lf Traces) Clock(ctx context.Context, c model.Connection, days int) (parts.Clock, error) {
	rev := c.Current()
	if rev == nil {
		return parts.Clock{}, nil
	}
	samples, err := lf.Store.ClockSamples(ctx, c.Slug, sso.ClockCheck, lf.Now(), days, ClockPerDay)
	if err != nil {
		return parts.Clock{}, err
	}
	v := parts.Clock{Points: ClockPoints(samples, lf.Now(), days), Limit: rev.Config.ClockSkew}
	for _, p := range slices.Backward(v.Points) {
		if p.Logins > 0 {
			v.Measured, v.Ahead, v.Day = true, p.Ahead, p.Day
			break
		}
	}
	return v, nil
}
