package kit

import (
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Ranges of time of the list of logins. Days are UTC, as the table of days is.
const (
	whenToday = "today"
	WhenWeek  = "7d"
	whenMonth = "30d"
)

// DaysBack is how many days a range has, today among them.
var DaysBack = map[string]int{whenToday: 1, WhenWeek: 7, whenMonth: 30}

// Midnight is the beginning of the day, in UTC.
func Midnight(t time.Time) time.Time { return t.UTC().Truncate(Day) }

// DaysAgo is when the range of that many days up to now begins.
func DaysAgo(now time.Time, days int) time.Time { return Midnight(now).AddDate(0, 0, 1-days) }

// DaysFromTo is the time from the beginning of one day to the end of another;
// either may be absent.
func DaysFromTo(from, to string) (since, until time.Time, problems []model.Problem) {
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
		return time.Time{}, append(problems, model.Problem{Field: field, Text: "“" + Truncate(text, 40) + "” is not a day. Type it as 2026-11-23."})
	}
	return t, problems
}

const (
	Day = 24 * time.Hour
)
