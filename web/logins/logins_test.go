package logins_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

func TestLoginsAreFiltered(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	s.Get(paths.Logins).Has(t, ".empty-state", "No logins yet")
	s.AddLogin(func(*model.Login) {})
	s.AddLogin(webtest.RefusedAs(model.CodeExpired))
	s.AddLogin(func(l *model.Login) { l.Outcome, l.FinishedAt, l.Username = model.OutcomePending, time.Time{}, "" })
	bob := s.AddLogin(func(l *model.Login) { l.Username, l.Connection, l.Test = "bob", "other", true })
	tests := []struct {
		query string
		want  int
	}{
		{"", 4}, {"?outcome=signed_in", 2}, {"?outcome=refused", 1}, {"?outcome=pending", 1}, {"?outcome=nonsense", 4},
		{"?connection=other", 1}, {"?q=bob", 1}, {"?q=" + bob.ID, 1}, {"?q=nobody", 0}, {"?code=expired", 1}, {"?code=replayed", 0},
	}
	for _, tt := range tests {
		if got := s.Get(paths.Logins+tt.query).Want(t, http.StatusOK).Doc.Find("tbody tr").Length(); got != tt.want {
			t.Errorf("%s lists %d logins, want %d", tt.query, got, tt.want)
		}
	}
	s.Get(paths.Logins+"?q=bob").Has(t, "tbody", "Test")
}

func TestRefusedLoginTellsItsStory(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	l := s.AddLogin(func(l *model.Login) {
		webtest.RefusedAs(model.CodeUserUnknown)(l)
		l.Username = "carol"
		l.Person = &model.Person{Username: "carol", Email: "carol@example.com", FirstName: "Carol", NameID: "carol@example.com",
			Attributes: map[string][]string{"department": {"<b>Ops</b>"}}}
		l.Checks = []model.Check{{ID: "user", Title: "The user exists", State: model.CheckFailed, Expected: "a user", Received: "nobody"}}
	})
	res := s.Get(paths.Login(l.ID)).Want(t, http.StatusOK)
	res.Has(t, "#checks .evidence", "nobody")
	expired := s.Get(paths.Login(s.AddLogin(webtest.RefusedAs(model.CodeExpired)).ID))
	expired.Has(t, ".evidence", "what we wanted")
	expired.Has(t, ".evidence", "what came")
	res.Has(t, ".check-failed", "The user exists")
	res.Has(t, "section[aria-labelledby=person] tbody", "<b>Ops</b>")
	if to, _ := res.Doc.Find("main a.btn-primary").Attr("href"); to != "/users/new?display_name=Carol&email=carol%40example.com&first_name=Carol&username=carol" {
		t.Errorf("the button to add the person leads to %q", to)
	}
	s.AddConnection("aws")
	s.Get(paths.Overview).Has(t, "section[aria-labelledby=tried]", "Carol")
	s.Get(paths.Login("nosuchlogin")).Want(t, http.StatusNotFound)
}

func TestLoginWithoutAnswerShowsCauses(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	l := s.AddLogin(func(l *model.Login) {
		l.Outcome, l.FinishedAt, l.StartedAt = model.OutcomePending, time.Time{}, s.Now.Add(-2*model.NoAnswerAfter)
	})
	res := s.Get(paths.Login(l.ID)).Want(t, http.StatusOK)
	res.Has(t, "main", "nothing has come back")
	if n := res.Doc.Find("section[aria-labelledby=reason] ol li").Length(); n < 2 {
		t.Errorf("%d causes are listed", n)
	}
	fresh := s.AddLogin(func(l *model.Login) { l.Outcome, l.FinishedAt = model.OutcomePending, time.Time{} })
	s.Get(paths.Login(fresh.ID)).Has(t, "main", "No answer yet")
}

func TestXMLIsShownOnRequestAndAudited(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	const xml = `<samlp:Response ID="_1">&amp;</samlp:Response>`
	l := s.AddLogin(func(l *model.Login) {
		sealed, err := s.Sealer.Seal([]byte(xml), model.SealedXML(l.ID))
		if err != nil {
			t.Fatal(err)
		}
		l.XMLSealed = sealed
	})
	if body := s.Get(paths.Login(l.ID)).Body; strings.Contains(body, "samlp:Response") {
		t.Error("the XML is shown without being asked for")
	}
	res := s.Post(paths.LoginAction(l.ID, "xml"), nil).Want(t, http.StatusOK)
	if got := res.Doc.Find("pre.xml").Text(); got != xml {
		t.Errorf("shows %q, want %q", got, xml)
	}
	s.Get(paths.Audit).Has(t, "tbody", "Login XML shown "+l.ID)
	file := s.Post(paths.LoginAction(l.ID, "download"), nil).Want(t, http.StatusOK)
	if file.Body != xml || file.Header.Get("Content-Disposition") != `attachment; filename="login-`+l.ID+`.xml"` {
		t.Errorf("downloads %q as %q", file.Body, file.Header.Get("Content-Disposition"))
	}
	s.Get(paths.Audit).Has(t, "tbody", "Login XML downloaded "+l.ID)

	other := s.AddLogin(func(o *model.Login) { o.XMLSealed = l.XMLSealed })
	erased := s.AddLogin(func(*model.Login) {})
	for _, action := range []string{"xml", "download"} {
		s.Post(paths.LoginAction(other.ID, action), nil).Want(t, http.StatusInternalServerError)
		s.Post(paths.LoginAction(erased.ID, action), nil).Want(t, http.StatusNotFound)
	}
}

func TestAuditShowsWhatChanged(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	s.AddUser("ana")
	s.AddUser("bob")
	if _, err := s.Store.UpdateUser(context.Background(), webtest.Tester, "ana", func(u *model.User) error {
		u.Email = "lima@example.com"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	res := s.Get(paths.Audit+"?object=ana").Want(t, http.StatusOK)
	res.Has(t, "tbody tr:first-child", "User changed")
	res.Has(t, "tbody tr:first-child del", "ana@example.com")
	res.Has(t, "tbody tr:first-child ins", "lima@example.com")
	if strings.Contains(res.Find("tbody"), "bob") {
		t.Error("changes of bob are listed with ana's")
	}
	s.Get(paths.Audit+"?q=nothing-like-it").Has(t, ".empty-state", "Nothing found")
}
