package overview_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	page "github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/parts"
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
	for i, want := range map[int]string{0: "2026-11-23 3 1", 1: "2026-11-22 0 0", 6: "2026-11-17 0 2", 7: "2026-11-16 0 1", 29: "2026-10-25 1 0"} {
		if got := webtest.RowText(rows.Eq(i)); got != want {
			t.Errorf("row %d says %q, want %q", i, got, want)
		}
	}
	if to, _ := rows.First().Find("a").Attr("href"); to != "/logins?from=2026-11-23&to=2026-11-23" {
		t.Errorf("the day leads to %q", to)
	}
	res.Has(t, "section[aria-labelledby=days] figcaption", "Signed in: 4 Refused: 4 Most on a day: 4")

	reasons := res.Doc.Find("section[aria-labelledby=reasons] tbody tr")
	for i, want := range []string{"The answer is for somebody else 2 AWS administrator", "The answer is not valid any more 1 The person signing in"} {
		if got := webtest.RowText(reasons.Eq(i)); got != want {
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
	rows := s.Get(paths.Overview).Doc.Find("section[aria-labelledby=reasons] tbody tr")
	if got := webtest.RowText(rows); got != "AWS did not send anybody back 1 AWS administrator" {
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
	after.Has(t, "section[aria-labelledby=tried]", "Nobody unknown has tried")
	after.Has(t, "section[aria-labelledby=changed]", "User created carol")
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	rev := &model.Revision{Number: 1}
	live := model.Connection{Slug: "aws", Status: model.StatusLive, Live: rev}
	certificate := func(days ...int) sso.CertificateChange {
		f := sso.ChangeFacts{Now: now}
		for i, d := range days {
			f.Trusted = append(f.Trusted, sso.Certificate{Fingerprint: strconv.Itoa(i), NotBefore: now.AddDate(0, 0, i-9), NotAfter: now.AddDate(0, 0, d)})
		}
		return sso.JudgeChange(f)
	}
	changing := func(f sso.ChangeFacts) page.OverviewConnection {
		f.Now, f.Trusted = now, []sso.Certificate{{Fingerprint: "old", NotAfter: now.AddDate(0, 0, 30)},
			{Fingerprint: "new", NotBefore: now.AddDate(0, 0, -20), NotAfter: now.AddDate(5, 0, 0)}}
		return page.OverviewConnection{Connection: live, Change: sso.JudgeChange(f)}
	}
	seen := func(print string, days int) model.CertificateUse {
		return model.CertificateUse{Fingerprint: print, FirstAt: now.AddDate(0, 0, -days), LastAt: now.AddDate(0, 0, -days)}
	}
	other := []sso.Certificate{{Fingerprint: "other", NotAfter: now.AddDate(5, 0, 0)}}
	shown := model.MetadataCheck{CheckedAt: now, Shown: []string{"other"}, ShownSince: time.Date(2026, 11, 23, 10, 31, 0, 0, time.UTC)}
	tests := map[string]struct {
		connection page.OverviewConnection
		want       string // of the first; empty: nothing
		urgent     bool
	}{
		"all is well":         {page.OverviewConnection{Connection: live, Change: certificate(400)}, "", false},
		"a later one":         {page.OverviewConnection{Connection: live, Change: certificate(3, 400)}, "", false},
		"ends soon":           {page.OverviewConnection{Connection: live, Change: certificate(40)}, "ends in 40 days", false},
		"ends very soon":      {page.OverviewConnection{Connection: live, Change: certificate(3)}, "ends in 3 days", true},
		"has ended":           {page.OverviewConnection{Connection: live, Change: certificate(-1)}, "has ended", true},
		"waits to be trusted": {changing(sso.ChangeFacts{Proposed: other}), "waits for you: compare it", true},
		"AWS signs with another": {changing(sso.ChangeFacts{Offered: other, Check: shown}), "since 10:31 UTC on 23 November. Whoever signs in next",
			true},
		"and people are refused": {changing(sso.ChangeFacts{Offered: other, Check: shown, Uses: []model.CertificateUse{{Fingerprint: "other", Refused: 2,
			RefusedFirstAt: shown.ShownSince.Add(-6 * time.Minute), RefusedLastAt: now}}}),
			"since 10:25 UTC on 23 November; people are being refused: 2 answers", true},
		"the new one is not active": {changing(sso.ChangeFacts{Uses: []model.CertificateUse{seen("old", 0)}}), "AWS still signs with the one that ends on", false},
		"the old one is in use":     {changing(sso.ChangeFacts{Uses: []model.CertificateUse{seen("old", 6), seen("new", 0)}}), "", false},
		"the old one is quiet": {changing(sso.ChangeFacts{Uses: []model.CertificateUse{seen("old", 9), seen("new", 8)}}),
			"Nobody has signed in with the old", false},
		"suspended": {page.OverviewConnection{Connection: model.Connection{Slug: "aws", Status: model.StatusSuspended, Live: rev}},
			"nobody can sign in", true},
		"never live": {page.OverviewConnection{Connection: model.Connection{Slug: "aws", Status: model.StatusDraft, Draft: rev}}, "is not finished", false},
		"ready":      {page.OverviewConnection{Connection: model.Connection{Slug: "aws", Status: model.StatusReady, Draft: rev}}, "ready to go live", false},
		"draft over live": {page.OverviewConnection{Connection: model.Connection{Slug: "aws", Status: model.StatusLive, Live: rev, Draft: rev}}, "has a draft",
			false},
		"clock is off": {page.OverviewConnection{Connection: live, Clock: parts.Clock{Measured: true, Ahead: time.Minute, Limit: 3 * time.Minute}},
			"60 s behind", false},
		"clock is far off": {page.OverviewConnection{Connection: live, Clock: parts.Clock{Measured: true, Ahead: 2 * time.Minute, Limit: 3 * time.Minute}},
			"120 s behind", true},
	}
	for name, tt := range tests {
		got := overview.Needs(page.OverviewPage{Now: now, Connections: []page.OverviewConnection{tt.connection}})
		switch {
		case tt.want == "" && len(got) > 0:
			t.Errorf("%s: needs %+v", name, got)
		case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0].Text, tt.want) || got[0].Urgent != tt.urgent):
			t.Errorf("%s: needs %+v, want %q", name, got, tt.want)
		}
	}
}
