package connections_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/traces"
	"github.com/postern-sso/postern/web/webtest"
)

const samlStamp = "2006-01-02T15:04:05.000Z"

// measured is a login whose trace has AWS's clock so far ahead of ours.
func measured(t time.Time, ahead time.Duration) func(*model.Login) {
	return func(l *model.Login) {
		l.StartedAt = t
		l.Checks = []model.Check{{ID: "issuer"}, {ID: sso.ClockCheck, State: model.CheckPassed,
			Expected: t.UTC().Format(samlStamp), Received: t.Add(ahead).UTC().Format(samlStamp)}}
	}
}

func TestClockPointsAreMedians(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	sample := func(at time.Time, ahead time.Duration) store.ClockSample {
		return store.ClockSample{StartedAt: at, Expected: at.Format(samlStamp), Received: at.Add(ahead).Format(samlStamp)}
	}
	yesterday := now.AddDate(0, 0, -1)
	points := traces.ClockPoints([]store.ClockSample{
		sample(yesterday, 2*time.Second), sample(yesterday, -5*time.Minute), sample(yesterday, time.Second),
		sample(now, -400*time.Millisecond),
		{StartedAt: now, Expected: "nonsense", Received: "2026"},
	}, now, 3)
	for i, want := range []struct {
		ahead  time.Duration
		logins int
	}{{0, 0}, {time.Second, 3}, {-400 * time.Millisecond, 1}} {
		if points[i].Ahead != want.ahead || points[i].Logins != want.logins {
			t.Errorf("day %d: %+v, want %+v", i, points[i], want)
		}
	}
}

func TestClockSentences(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		clock parts.Clock
		want  string
		wrong bool
	}{
		{parts.Clock{}, "Not measured yet: the first login tells how AWS's clock and this server's differ.", false},
		{parts.Clock{Measured: true, Ahead: -400 * time.Millisecond}, "AWS and this server agree within 0.4 s.", false},
		{parts.Clock{Measured: true, Ahead: 94 * time.Second}, "This server's clock is 94 s behind AWS's. Logins fail from 180 s: check NTP on this server.", true},
		{parts.Clock{Measured: true, Ahead: 200 * time.Second}, "This server's clock is 200 s behind AWS's. Logins fail from 180 s: set this " +
			"server's clock by NTP now.", true},
		{parts.Clock{Measured: true, Ahead: -94 * time.Second}, "This server's clock is 94 s ahead of AWS's, so that answers expire early: check " +
			"NTP on this server.", true},
	} {
		tt.clock.Limit = 3 * time.Minute
		if got := tt.clock.Sentence(); got != tt.want || tt.clock.Wrong() != tt.wrong {
			t.Errorf("%s: says %q, wrong %v", tt.clock.Ahead, got, tt.clock.Wrong())
		}
	}
}

func TestConnectionShowsTheClock(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	s.OpenConnection("aws")
	s.Get(paths.Connection("aws")).Has(t, "section[aria-labelledby=clock]", "Not measured yet")
	s.AddLogin(measured(s.Now.AddDate(0, 0, -3), 0))
	s.AddLogin(measured(s.Now.AddDate(0, 0, -40), time.Hour))
	for range traces.ClockPerDay + 5 {
		s.AddLogin(measured(s.Now, 94*time.Second))
	}
	s.AddLogin(func(l *model.Login) { measured(s.Now, -time.Hour)(l); l.Connection = "other" })
	res := s.Get(paths.Connection("aws")).Want(t, http.StatusOK)
	res.Has(t, "section[aria-labelledby=clock] p", "This server's clock is 94 s behind AWS's")
	rows := res.Doc.Find("section[aria-labelledby=clock] tbody tr")
	if rows.Length() != 2 || !strings.HasSuffix(webtest.RowText(rows.First()), "94 s ahead 40") ||
		!strings.HasSuffix(webtest.RowText(rows.Last()), "0.0 s ahead 1") {
		t.Errorf("the table has %q … %q", webtest.RowText(rows.First()), webtest.RowText(rows.Last()))
	}
	if n := res.Doc.Find("section[aria-labelledby=clock] polyline").Length(); n != 2 {
		t.Errorf("%d lines are drawn", n)
	}
	s.Get(paths.Overview).Has(t, "section[aria-labelledby=needs]", "94 s behind")
}

// TestLoginMeasuresTheClock: the trace of a real login has what the page reads.
func TestLoginMeasuresTheClock(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	answer := s.AnswerFromAWS(t, s.Sim, s.App, "user0")
	s.Now = s.Now.Add(-95 * time.Second) // behind the clock that AWS went by
	w := s.Send(answer)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("answered %d: %+v", w.Code, s.Trace(w).Refusal)
	}
	c, err := traces.With(s.Kit).Clock(t.Context(), s.Connection("aws"), traces.ClockDays)
	if err != nil || !c.Measured || c.Ahead < 95*time.Second || c.Ahead > 2*time.Minute {
		t.Errorf("measured %+v, %v", c, err)
	}
	for _, check := range s.Trace(w).Checks {
		if check.ID == sso.ClockCheck && check.State != model.CheckWarning {
			t.Errorf("the check is %s", check.State)
		}
	}
}
