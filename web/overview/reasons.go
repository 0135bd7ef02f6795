package overview

import (
	"cmp"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/standing"
)

// countedNoAnswers is up to where the store counts logins without answer.
const countedNoAnswers = 2000

// reasons counts the refusals of the last days by reason, the most frequent
// first, and the attempts that AWS never answered.
func reasons(counted []store.LoginDay, connections []standing.Connection, now time.Time) []overview.ReasonCount {
	since := kit.DaysAgo(now, reasonDays)
	byCode := map[model.Code]int{}
	for _, c := range counted {
		if c.Code != "" && !c.Day.Before(since) {
			byCode[c.Code] += c.Count
		}
	}
	newest := map[model.Code]time.Time{}
	for _, c := range connections {
		for _, r := range c.Evidence.Refusals {
			if r.LastAt.After(newest[r.Code]) {
				newest[r.Code] = r.LastAt
			}
		}
		if u := c.Evidence.Unanswered; u.Week > 0 {
			byCode[model.CodeNoAnswer] += u.Week
			if u.LastAt.After(newest[model.CodeNoAnswer]) {
				newest[model.CodeNoAnswer] = u.LastAt
			}
		}
	}
	all := make([]overview.ReasonCount, 0, len(byCode))
	for code, n := range byCode {
		e := sso.Explain(code)
		all = append(all, overview.ReasonCount{
			Code: code, Title: e.Title, Who: e.Who, Count: n, AtLeast: code == model.CodeNoAnswer && n >= countedNoAnswers, NewestAt: newest[code],
			Forgeable: code.Forgeable(), Href: paths.WithQuery(paths.Logins, "code", string(code), "when", kit.WhenWeek),
		})
	}
	slices.SortFunc(all, func(a, b overview.ReasonCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	return all
}
