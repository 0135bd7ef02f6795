package aws

import (
	"testing"
	"time"
)

// Five at once, then five a second, however long nothing was asked before.
func TestLimiterLetsFiveASecondThrough(t *testing.T) {
	t.Parallel()
	l := newLimiter(5, 5)
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for round := range 2 {
		for i := range 15 {
			want := max(0, time.Duration(i-4)*200*time.Millisecond)
			if got := max(0, l.reserve(now)); got != want {
				t.Errorf("round %d, request %d waits %v, want %v", round, i+1, got, want)
			}
		}
		now = now.Add(time.Hour)
	}
	if d := defaultLimits(); d.rate != 5 || d.burst != 5 || d.attempts != 8 || d.run != 2*time.Hour {
		t.Errorf("%+v", d)
	}
}
