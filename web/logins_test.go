package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
)

// addLogin writes a trace; change makes it what the test needs.
func (s *testSite) addLogin(change func(*model.Login)) model.Login {
	s.t.Helper()
	l := model.Login{
		ID: store.NewLoginID(), Connection: "aws", StartedAt: s.now, FinishedAt: s.now, Outcome: model.OutcomeSignedIn, Username: "ana",
	}
	change(&l)
	if _, err := s.store.SaveLogin(context.Background(), l); err != nil {
		s.t.Fatal(err)
	}
	return l
}

func refusedAs(code model.Code) func(*model.Login) {
	return func(l *model.Login) {
		l.Outcome, l.Refusal = model.OutcomeRefused, &model.Refusal{Code: code, Expected: "what we wanted", Received: "what came"}
	}
}

func TestLoginsAreFiltered(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleViewer)
	s.get(paths.Logins).has(t, ".empty-state", "No logins yet")
	s.addLogin(func(*model.Login) {})
	s.addLogin(refusedAs(model.CodeExpired))
	s.addLogin(func(l *model.Login) { l.Outcome, l.FinishedAt, l.Username = model.OutcomePending, time.Time{}, "" })
	bob := s.addLogin(func(l *model.Login) { l.Username, l.Connection, l.Test = "bob", "other", true })
	tests := []struct {
		query string
		want  int
	}{
		{"", 4}, {"?outcome=signed_in", 2}, {"?outcome=refused", 1}, {"?outcome=pending", 1}, {"?outcome=nonsense", 4},
		{"?connection=other", 1}, {"?q=bob", 1}, {"?q=" + bob.ID, 1}, {"?q=nobody", 0}, {"?code=expired", 1}, {"?code=replayed", 0},
	}
	for _, tt := range tests {
		if got := s.get(paths.Logins+tt.query).want(t, http.StatusOK).doc.Find("tbody tr").Length(); got != tt.want {
			t.Errorf("%s lists %d logins, want %d", tt.query, got, tt.want)
		}
	}
	s.get(paths.Logins+"?q=bob").has(t, "tbody", "Test")
}

func TestRefusedLoginTellsItsStory(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	l := s.addLogin(func(l *model.Login) {
		refusedAs(model.CodeUserUnknown)(l)
		l.Username = "carol"
		l.Person = &model.Person{Username: "carol", Email: "carol@example.com", FirstName: "Carol", NameID: "carol@example.com",
			Attributes: map[string][]string{"department": {"<b>Ops</b>"}}}
		l.Checks = []model.Check{{ID: "user", Title: "The user exists", State: model.CheckFailed, Expected: "a user", Received: "nobody"}}
	})
	res := s.get(paths.Login(l.ID)).want(t, http.StatusOK)
	res.has(t, ".evidence", "what we wanted")
	res.has(t, ".evidence", "what came")
	res.has(t, ".check-failed", "The user exists")
	res.has(t, "section[aria-labelledby=person] tbody", "<b>Ops</b>")
	if to, _ := res.doc.Find("main a.btn-primary").Attr("href"); to != "/users/new?display_name=Carol&email=carol%40example.com&first_name=Carol&username=carol" {
		t.Errorf("the button to add the person leads to %q", to)
	}
	s.addConnection("aws")
	s.get(paths.Overview).has(t, "section[aria-labelledby=tried]", "Carol")
	s.get(paths.Login("nosuchlogin")).want(t, http.StatusNotFound)
}

func TestLoginWithoutAnswerShowsCauses(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleViewer)
	l := s.addLogin(func(l *model.Login) {
		l.Outcome, l.FinishedAt, l.StartedAt = model.OutcomePending, time.Time{}, s.now.Add(-2*model.NoAnswerAfter)
	})
	res := s.get(paths.Login(l.ID)).want(t, http.StatusOK)
	res.has(t, "main", "nothing has come back")
	if n := res.doc.Find("section[aria-labelledby=reason] ol li").Length(); n < 2 {
		t.Errorf("%d causes are listed", n)
	}
	fresh := s.addLogin(func(l *model.Login) { l.Outcome, l.FinishedAt = model.OutcomePending, time.Time{} })
	s.get(paths.Login(fresh.ID)).has(t, "main", "No answer yet")
}

func TestXMLIsShownOnRequestAndAudited(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	const xml = `<samlp:Response ID="_1">&amp;</samlp:Response>`
	l := s.addLogin(func(l *model.Login) {
		sealed, err := s.sealer.Seal([]byte(xml), model.SealedXML(l.ID))
		if err != nil {
			t.Fatal(err)
		}
		l.XMLSealed = sealed
	})
	if body := s.get(paths.Login(l.ID)).body; strings.Contains(body, "samlp:Response") {
		t.Error("the XML is shown without being asked for")
	}
	res := s.post(paths.LoginAction(l.ID, "xml"), nil).want(t, http.StatusOK)
	if got := res.doc.Find("pre.xml").Text(); got != xml {
		t.Errorf("shows %q, want %q", got, xml)
	}
	s.get(paths.Audit).has(t, "tbody", "Login XML shown "+l.ID)
	file := s.post(paths.LoginAction(l.ID, "download"), nil).want(t, http.StatusOK)
	if file.body != xml || file.header.Get("Content-Disposition") != `attachment; filename="login-`+l.ID+`.xml"` {
		t.Errorf("downloads %q as %q", file.body, file.header.Get("Content-Disposition"))
	}
	s.get(paths.Audit).has(t, "tbody", "Login XML downloaded "+l.ID)

	other := s.addLogin(func(o *model.Login) { o.XMLSealed = l.XMLSealed })
	erased := s.addLogin(func(*model.Login) {})
	for _, action := range []string{"xml", "download"} {
		s.post(paths.LoginAction(other.ID, action), nil).want(t, http.StatusInternalServerError)
		s.post(paths.LoginAction(erased.ID, action), nil).want(t, http.StatusNotFound)
	}
}

func TestAuditShowsWhatChanged(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleViewer)
	s.addUser("ana")
	s.addUser("bob")
	if _, err := s.store.UpdateUser(context.Background(), tester, "ana", func(u *model.User) error { u.Email = "lima@example.com"; return nil }); err != nil {
		t.Fatal(err)
	}
	res := s.get(paths.Audit+"?object=ana").want(t, http.StatusOK)
	res.has(t, "tbody tr:first-child", "User changed")
	res.has(t, "tbody tr:first-child del", "ana@example.com")
	res.has(t, "tbody tr:first-child ins", "lima@example.com")
	if strings.Contains(res.find("tbody"), "bob") {
		t.Error("changes of bob are listed with ana's")
	}
	s.get(paths.Audit+"?q=nothing-like-it").has(t, ".empty-state", "Nothing found")
}
