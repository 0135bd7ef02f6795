package overview_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/overview"
	"github.com/postern-sso/postern/web/webtest"
)

func TestOverviewWithoutConnectionLeadsToSetup(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	res := s.Get(paths.Overview).Want(t, http.StatusOK)
	if to, _ := res.Doc.Find("main .empty-state a.btn-primary").Attr("href"); to != paths.SetupNew {
		t.Errorf("leads to %q", to)
	}
}

func TestOverviewCountsLogins(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	s.Now = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	s.OpenConnection("aws")
	day := func(back int) time.Time { return s.Now.AddDate(0, 0, -back) }
	refused := func(at time.Time, code model.Code) {
		s.AddLogin(func(l *model.Login) { webtest.RefusedAs(code)(l); l.StartedAt = at })
	}
	for range 3 {
		s.AddLogin(webtest.At(day(0)))
	}
	s.AddLogin(webtest.At(day(29)))
	s.AddLogin(webtest.At(day(30))) // not in the chart
	s.AddLogin(func(l *model.Login) { l.Test = true })
	refused(day(0), model.CodeAudienceMismatch)
	refused(day(6), model.CodeAudienceMismatch)
	refused(day(6), model.CodeExpired)
	refused(day(7), model.CodeExpired) // not among the reasons

	res := s.Get(paths.Overview).Want(t, http.StatusOK)
	rows := res.Doc.Find("section[aria-labelledby=days] tbody tr")
	if rows.Length() != overview.ChartDays {
		t.Fatalf("%d days", rows.Length())
	}
	for i, want := range map[int]string{0: "23 November 2026 3 1", 1: "22 November 2026 0 0", 6: "17 November 2026 0 2", 7: "16 November 2026 0 1",
		29: "25 October 2026 1 0"} {
		if got := webtest.RowText(rows.Eq(i)); got != want {
			t.Errorf("row %d says %q, want %q", i, got, want)
		}
	}
	if to, _ := rows.First().Find("a").Attr("href"); to != "/logins?from=2026-11-23&to=2026-11-23" {
		t.Errorf("the day leads to %q", to)
	}
	res.Has(t, "section[aria-labelledby=days] figcaption", "Signed in: 4 Refused: 4 Most on a day: 4")

	reasons := res.Doc.Find("section[aria-labelledby=reasons] li")
	for i, want := range []string{"The audience is not our entity ID.ana · 23 November 2026, 14:00 UTC · AWS administrator2",
		"The answer has run out: it waited too long, or the clock here is wrong.ana · 17 November 2026, 14:00 UTC · The person signing in1"} {
		if got := strings.Join(strings.Fields(reasons.Eq(i).Text()), " "); got != want {
			t.Errorf("reason %d says %q, want %q", i, got, want)
		}
	}
	// Each number is that of the list behind it.
	to, _ := reasons.First().Find("a").Attr("href")
	if n := s.Get(to).Doc.Find("tbody tr").Length(); n != 2 {
		t.Errorf("the list behind the reason has %d logins", n)
	}
}

func TestOverviewCountsWhatAWSNeverAnswered(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	s.OpenConnection("aws")
	s.AddLogin(func(l *model.Login) {
		l.Outcome, l.FinishedAt, l.StartedAt = model.OutcomePending, time.Time{}, s.Now.Add(-2*model.NoAnswerAfter)
	})
	rows := s.Get(paths.Overview).Doc.Find("section[aria-labelledby=reasons] li")
	if got := strings.Join(strings.Fields(rows.Text()), " "); !strings.HasPrefix(got, "The person was sent to AWS, and nothing has come back.") ||
		!strings.HasSuffix(got, "AWS administrator1") {
		t.Errorf("says %q", got)
	}
}

func TestPersonWhoTriedIsAddedInOneClick(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.OpenConnection("aws")
	s.AddLogin(func(l *model.Login) {
		webtest.RefusedAs(model.CodeUserUnknown)(l)
		l.Username = "carol"
		l.Person = &model.Person{Username: "carol", Email: "carol@example.com", FirstName: "Carol", LastName: "Danvers"}
	})
	res := s.Get(paths.Overview)
	res.Has(t, "section[aria-labelledby=needs]", "1 person came through AWS")
	form := url.Values{}
	for _, in := range res.Doc.Find("section[aria-labelledby=tried] form input").EachIter() {
		form.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	s.Post(res.Doc.Find("section[aria-labelledby=tried] form").AttrOr("action", ""), form).Want(t, http.StatusSeeOther)
	u, err := s.Store.User(t.Context(), "carol")
	if err != nil || u.Email != "carol@example.com" || u.LastName != "Danvers" {
		t.Errorf("made %+v, %v", u, err)
	}
	after := s.Get(paths.Overview)
	if n := after.Doc.Find("section[aria-labelledby=tried]").Length(); n != 0 {
		t.Error("the person who was added is still listed")
	}
	after.Has(t, "section[aria-labelledby=changed]", "User created carol")
}

// The chart is chosen by links, without a script; each address keeps its meaning.
func TestOverviewChartIsChosenByLinks(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	s.Now = time.Date(2026, 11, 23, 14, 30, 0, 0, time.UTC)
	s.OpenConnection("aws")
	for _, back := range []time.Duration{time.Minute, time.Hour, 23 * time.Hour, 24 * time.Hour, 6 * 24 * time.Hour, 8 * 24 * time.Hour} {
		s.AddLogin(webtest.At(s.Now.Add(-back)))
	}
	s.AddLogin(func(l *model.Login) { l.Test, l.StartedAt = true, s.Now.Add(-time.Hour) })
	s.AddLogin(func(l *model.Login) { webtest.RefusedAs(model.CodeExpired)(l); l.StartedAt = s.Now.Add(-time.Hour) })
	links := s.Get(paths.Overview).Doc.Find("section[aria-labelledby=days] nav a")
	for i, want := range []struct {
		rows           int
		figures, first string
	}{
		{24, "Signed in: 3 Refused: 1 Most in an hour: 2", "23 November 2026, 14:00 UTC 1 0"},
		{7, "Signed in: 5 Refused: 1 Most on a day: 3", "23 November 2026 2 1"},
		{30, "Signed in: 6 Refused: 1 Most on a day: 3", "23 November 2026 2 1"},
	} {
		res := s.Get(links.Eq(i).AttrOr("href", "")).Want(t, http.StatusOK)
		rows := res.Doc.Find("section[aria-labelledby=days] tbody tr")
		if got := webtest.RowText(rows.First()); rows.Length() != want.rows || got != want.first {
			t.Errorf("%s: %d rows, the first %q; want %d and %q", links.Eq(i).Text(), rows.Length(), got, want.rows, want.first)
		}
		res.Has(t, "section[aria-labelledby=days] figcaption", want.figures)
		if on := res.Doc.Find("section[aria-labelledby=days] nav a[aria-current]"); on.Text() != links.Eq(i).Text() {
			t.Errorf("%q is shown as chosen", on.Text())
		}
	}
	if n := s.Get("/?chart=nonsense").Want(t, http.StatusOK).Doc.Find("section[aria-labelledby=days] tbody tr").Length(); n != 30 {
		t.Errorf("of an unknown chart: %d rows", n)
	}
}
