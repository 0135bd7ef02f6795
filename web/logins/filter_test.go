package logins_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

func TestLoginsAreFilteredByTime(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	s.Now = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	for _, day := range []string{"2026-11-23", "2026-11-22", "2026-11-17", "2026-11-16", "2026-10-25", "2026-10-24"} {
		start, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		s.AddLogin(webtest.At(start))
	}
	tests := []struct {
		query string
		want  int
	}{
		{"", 6}, {"?when=today", 1}, {"?when=7d", 3}, {"?when=30d", 5}, {"?when=nonsense", 6},
		{"?from=2026-11-17", 3}, {"?to=2026-11-16", 3}, {"?from=2026-11-16&to=2026-11-17", 2}, {"?from=2026-11-16&to=2026-11-16&when=today", 1},
	}
	for _, tt := range tests {
		if got := s.Get(paths.Logins+tt.query).Want(t, http.StatusOK).Doc.Find("tbody tr").Length(); got != tt.want {
			t.Errorf("%s lists %d logins, want %d", tt.query, got, tt.want)
		}
	}
	s.Get(paths.Logins+"?from=yesterday").Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "“yesterday” is not a day")
	s.Get(paths.Logins+"?from=2026-11-17&to=2026-11-16").Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "Swap the two dates")
	form := s.Get(paths.Logins + "?code=expired&when=7d&outcome=refused")
	for name, want := range map[string]string{"code": "expired", "when": "7d", "outcome": "refused"} {
		if got, _ := form.Doc.Find("select[name=" + name + "] option[selected]").Attr("value"); got != want {
			t.Errorf("the form keeps %s as %q, want %q", name, got, want)
		}
	}
}

func TestListOfLoginsFollows(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	s.AddLogin(webtest.At(s.Now.Add(-time.Minute)))
	poll := func(p *webtest.Page) string {
		t.Helper()
		to, ok := p.Doc.Find("#login-news").Attr("hx-get")
		if !ok {
			t.Fatal("the page does not follow")
		}
		return to
	}
	next := poll(s.Get(paths.Logins + "?q=ana"))
	s.Part(next).Want(t, http.StatusNoContent)
	s.AddLogin(func(*model.Login) {})
	s.AddLogin(func(l *model.Login) { l.Username = "bob" })
	news := s.Part(next).Want(t, http.StatusOK)
	if got := strings.Join(strings.Fields(news.Doc.Text()), " "); got != "1 new login. Show them" {
		t.Errorf("says %q", got)
	}
	if to, _ := news.Doc.Find("a").Attr("href"); to != paths.Logins+"?q=ana" {
		t.Errorf("leads to %q", to)
	}
	s.Part(poll(news)).Want(t, http.StatusNoContent)
	s.AddLogin(webtest.At(s.Now.Add(time.Second)))
	if got := s.Part(poll(news)).Want(t, http.StatusOK).Doc.Text(); !strings.Contains(got, "2 new logins") {
		t.Errorf("says %q", got)
	}
	// Without scripts the address leads to the list.
	s.Get(next).Want(t, http.StatusSeeOther)
	s.Part(paths.LoginsNews+"?newest=nonsense").Want(t, http.StatusSeeOther)
}

func TestLoginsAreExported(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	l := s.AddLogin(func(l *model.Login) { webtest.RefusedAs(model.CodeExpired)(l); l.NameID = "=1+1" })
	s.AddLogin(func(l *model.Login) { l.Username = "bob" })
	res := s.Get(paths.LoginsExport+"?outcome=refused").Want(t, http.StatusOK)
	records, err := csv.NewReader(strings.NewReader(res.Body)).ReadAll()
	if err != nil || len(records) != 2 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	got := map[string]string{}
	for i, name := range records[0] {
		got[name] = records[1][i]
	}
	for name, want := range map[string]string{
		"reference": l.ID, "username": "ana", "name_id": "'=1+1", "outcome": "refused", "reason_code": "expired",
		"who_can_fix_it": "The person signing in", "test": "no", "started_at": s.Now.UTC().Format(time.RFC3339),
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

func TestExportGoesOverManyPages(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	const many = kit.ExportPage + 5
	for range many {
		s.AddLogin(func(*model.Login) {})
	}
	records, err := csv.NewReader(strings.NewReader(s.Get(paths.LoginsExport).Body)).ReadAll()
	if err != nil || len(records) != many+1 {
		t.Errorf("%d records, %v; want %d", len(records), err, many+1)
	}
}

// Logins are filtered by cause as well as by reason; each address keeps its
// meaning, and what contradicts itself is not both.
func TestLoginsAreFilteredByCause(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	refused := func(code model.Code, cause model.Cause) {
		s.AddLogin(func(l *model.Login) { webtest.RefusedAs(code)(l); l.Refusal.Cause = cause })
	}
	refused(model.CodeUsernameTaken, model.CauseLinkedElsewhere)
	refused(model.CodeUsernameTaken, model.CauseNotAllowed)
	refused(model.CodeUsernameTaken, "") // of before causes: the usual one of its code
	refused(model.CodeExpired, model.CauseAnswerOld)
	usual := sso.Explain(model.CodeUsernameTaken).ID
	s.AddLogin(func(l *model.Login) {
		l.Outcome, l.FinishedAt, l.StartedAt = model.OutcomePending, time.Time{}, s.Now.Add(-2*model.NoAnswerAfter)
	})
	for query, want := range map[string]int{
		"": 5, "code=username_taken": 3, "cause=" + string(usual): 2, "cause=link_console_user": 0, "cause=answer_old": 1, "cause=no_answer": 1,
		"code=username_taken&cause=" + string(usual): 2, "code=expired&cause=linked_elsewhere": 1, "cause=nonsense": 5, "code=nonsense&cause=answer_old": 1,
	} {
		if got := s.Get(paths.Logins+"?"+query).Want(t, http.StatusOK).Doc.Find("tbody tr").Length(); got != want {
			t.Errorf("%s lists %d logins, want %d", query, got, want)
		}
	}
	form := s.Get(paths.Logins + "?cause=linked_elsewhere").Doc
	for name, want := range map[string]string{"code": "username_taken", "cause": "linked_elsewhere"} {
		if got := form.Find("select[name="+name+"] option[selected]").AttrOr("value", ""); got != want {
			t.Errorf("the form keeps %s as %q, want %q", name, got, want)
		}
	}
	if n := s.Get(paths.Logins + "?code=expired&cause=linked_elsewhere").Doc.Find("select[name=cause] option[selected]").Length(); n != 0 {
		t.Error("a cause of another reason is kept")
	}
}
