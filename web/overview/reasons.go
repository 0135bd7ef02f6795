package overview

import (
	"cmp"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/standing"
	"github.com/postern-sso/postern/web/traces"
)

// countedNoAnswers is up to where the store counts logins without answer.
const countedNoAnswers = 2000

// causes are the refusals of the last days by their cause, the most frequent
// first, and the attempts that AWS never answered.
func causes(counted []store.CauseCount, connections []standing.Connection) []overview.CauseCount {
	var all []overview.CauseCount
	at := map[model.Cause]int{}
	for _, n := range counted {
		cause := traces.CauseOf(n.Code, n.Newest.Refusal)
		i, known := at[cause.ID]
		if !known {
			i, at[cause.ID] = len(all), len(all)
			all = append(all, causeRow(cause, n, connections))
		} else if all[i].People = ""; n.Newest.StartedAt.After(all[i].NewestAt) { // traces older than causes fall to the usual one
			all[i].NewestAt = n.Newest.StartedAt
		}
		all[i].Count += n.Count
		all[i].AtLeast = all[i].AtLeast || n.Cut
	}
	if waiting := unanswered(connections); waiting.Count > 0 {
		all = append(all, waiting)
	}
	slices.SortStableFunc(all, func(a, b overview.CauseCount) int { return cmp.Compare(b.Count, a.Count) })
	return all
}

func causeRow(cause sso.Cause, n store.CauseCount, connections []standing.Connection) overview.CauseCount {
	row := overview.CauseCount{Code: n.Code, Happened: cause.Happened, Who: cause.Who, NewestAt: n.Newest.StartedAt, Forgeable: n.Code.Forgeable(),
		Href: causeHref(cause.ID), Cure: causeCure(n, connections)}
	switch {
	case n.Cut || n.People == 0:
	case n.People == 1 && n.Newest.Username != "":
		row.People = n.Newest.Username
	default:
		row.People = ui.Count(n.People, "person", "people")
	}
	return row
}

// causeCure is the button for the newest login of a cause, where it is about its
// connection; people have theirs each in the list of people.
func causeCure(n store.CauseCount, connections []standing.Connection) parts.Cure {
	for _, c := range connections {
		if c.Slug == n.Newest.Connection && !traces.CauseOf(n.Code, n.Newest.Refusal).Cure.OfPerson() {
			return traces.CureOf(n.Newest, n.Code, store.CureFacts{Shown: c.Evidence.Check.Shown}, c.Connection)
		}
	}
	return parts.Cure{}
}

// unanswered are the attempts that AWS sent nobody back from.
func unanswered(connections []standing.Connection) overview.CauseCount {
	cause := sso.Explain(model.CodeNoAnswer).Cause
	row := overview.CauseCount{Code: model.CodeNoAnswer, Happened: cause.Happened, Who: cause.Who, Href: causeHref(cause.ID)}
	for _, c := range connections {
		if u := c.Evidence.Unanswered; u.Week > 0 {
			row.Count += u.Week
			if u.LastAt.After(row.NewestAt) {
				row.NewestAt = u.LastAt
			}
		}
	}
	row.AtLeast = row.Count >= countedNoAnswers
	return row
}

func causeHref(cause model.Cause) string {
	return paths.WithQuery(paths.Logins, "cause", string(cause), "when", kit.WhenWeek)
}

// since is from when on the refusals are counted.
func since(now time.Time) time.Time { return kit.DaysAgo(now, reasonDays) }
