package overview_test

import (
	"testing"
	"time"

	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/overview"
)

// What is in the way of logins on this server is told since when, and for a day after.
func TestOverviewTellsSinceWhenLoginsCannotWork(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	ready := &kit.Readiness{Now: func() time.Time { return now }}
	ready.Beat()
	told := func() []string {
		var all []string
		for _, n := range overview.ObstacleNeeds(ready.Obstacles(now.Add(-24 * time.Hour))) {
			all = append(all, n.Title+" | "+n.Text)
		}
		return all
	}
	want := func(texts ...string) {
		t.Helper()
		got := told()
		if len(got) != len(texts) {
			t.Fatalf("got %q, want %q", got, texts)
		}
		for i := range texts {
			if got[i] != texts[i] {
				t.Errorf("got %q, want %q", got[i], texts[i])
			}
		}
	}
	want()
	ready.Judge("server", "it was killed")
	now = now.Add(time.Second)
	ready.Judge("server", "the disk is full")
	want("Logins cannot work on this server | Since 30 November 2026, 12:00:00 UTC: the disk is full.")
	if got := ready.Against(); got != "the disk is full (since 2026-11-30T12:00:00Z)" {
		t.Errorf("readyz says %q", got)
	}
	now = now.Add(time.Second)
	ready.Judge("server", "")
	const over = "For a while logins could not work on this server | From 30 November 2026, 12:00:00 UTC to 30 November 2026, 12:00:02 UTC: the disk is full."
	want(over)
	now = now.Add(23 * time.Hour)
	ready.Judge("disk", "no room")
	ready.Judge("disk", "")
	want("For a while logins could not work on this server | From 1 December 2026, 11:00:02 UTC to 1 December 2026, 11:00:02 UTC: " +
		"no room. 1 time more within a day.")
	now = now.Add(25 * time.Hour)
	want()
}
