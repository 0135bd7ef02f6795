package logins_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/logins"
	"github.com/postern-sso/postern/web/webtest"
)

func TestLoginIsFollowedByALink(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	s.SignInAs(model.RoleAdmin)
	at, token := s.MakeLink("user0")
	poll := func(p *webtest.Page) string {
		t.Helper()
		to, _ := p.Doc.Find("#trace-state").Attr("hx-get")
		if to == "" {
			t.Fatalf("the page does not follow: %s", p.Body)
		}
		return to
	}
	before := s.Get(at)
	before.Has(t, "#trace-state", "Waiting for user0 to open the link")
	next := poll(before)
	s.Part(next).Want(t, http.StatusNoContent)

	// Looking at the link starts nothing.
	s.Get(paths.Trace(token)).Want(t, http.StatusOK).Has(t, "main", "admin@example.com")
	s.Part(next).Want(t, http.StatusNoContent)

	s.Get(paths.TraceStart(token)).Want(t, http.StatusSeeOther)
	away := s.Part(next).Want(t, http.StatusOK)
	away.Has(t, "#trace-state", "user0 is at AWS")

	if res := s.FollowedLogin(token, "user0"); res.Status != http.StatusSeeOther || res.Header.Get("Location") != paths.Me {
		t.Fatalf("the login ended with %d: %s", res.Status, res.Text())
	}
	done := s.Part(poll(away)).Want(t, http.StatusOK)
	done.Has(t, "#trace-state", "user0 was signed in")
	done.Has(t, "#trace-said", "user0 was signed in")
	if done.Doc.Find(".trap").Length() > 0 {
		t.Error("the right person is called somebody else")
	}
	trace, _ := done.Doc.Find("a[href^='/logins/']").Attr("href")
	s.Get(trace).Want(t, http.StatusOK).Has(t, "section[aria-labelledby=facts]", "a link made for user0")
	s.Get(at).Has(t, "section[aria-labelledby=link]", "2 logins")

	s.FollowedLogin(token, "user1")
	s.Get(at).Has(t, ".trap", "user1 came back")
	s.Get(paths.Audit).Has(t, "tbody", "Link to follow a login created user0")
	if strings.Contains(s.Get(paths.Audit).Body, token) {
		t.Error("the audit has the token")
	}
}

func TestFollowedRefusalIsExplained(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), func(c *model.Config) { c.Provisioning = model.ProvisioningManual })
	s.SignInAs(model.RoleAdmin)
	at, token := s.MakeLink("user0")
	if res := s.FollowedLogin(token, "user0"); res.Status != http.StatusForbidden {
		t.Fatalf("the login ended with %d", res.Status)
	}
	res := s.Get(at)
	res.Has(t, "#trace-state", "Nobody here has this username")
	res.Has(t, "#trace-state", "What to do")
	res.Has(t, "#trace-state a.btn-primary", "Add this person")
	res.Has(t, ".check-failed", "The person may sign in here")
}

func TestLinkEnds(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	s.SignInAs(model.RoleAdmin)
	at, token := s.MakeLink("user0")
	_, other := s.MakeLink("user1")
	s.Get(paths.TraceLinkNew).Has(t, "section[aria-labelledby=open]", "user1")

	s.Post(at+"/end", nil).Want(t, http.StatusSeeOther)
	s.Get(at).Has(t, "section[aria-labelledby=link]", "Make a new one")
	s.Get(paths.Audit).Has(t, "tbody", "Link to follow a login ended user0")
	for _, path := range []string{paths.Trace(token), paths.TraceStart(token), paths.Trace("nonsense")} {
		s.Get(path).Want(t, http.StatusNotFound).Has(t, "main", "This link has ended")
	}
	s.Get(paths.Trace(other)).Want(t, http.StatusOK)
	s.Now = s.Now.Add(logins.TraceLinkLifetime)
	s.Get(paths.TraceStart(other)).Want(t, http.StatusNotFound)
}

func TestLinkNeedsAPersonAndALiveConnection(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.Get(paths.TraceLinkNew).Has(t, ".empty-state", "No connection is live")
	s.OpenConnection("aws")
	s.AddConnection("draft")
	s.AddUser("ana")
	form := s.Get(paths.TraceLinkNew + "?person=ana")
	if got, _ := form.Doc.Find("input[name=person]").Attr("value"); got != "ana" {
		t.Errorf("the form has %q", got)
	}
	if n := form.Doc.Find("select[name=connection] option").Length(); n != 1 {
		t.Errorf("%d connections are offered", n)
	}
	res := s.Post(paths.TraceLinkNew, url.Values{"person": {" "}, "connection": {"draft"}}).Want(t, http.StatusUnprocessableEntity)
	res.Has(t, ".problems", "whose login")
	res.Has(t, ".problems", "Choose a connection that is live")
	if to, _ := s.Get(paths.User("ana")).Doc.Find("section[aria-labelledby=logins] a[href^='/logins/follow']").Attr("href"); to != "/logins/follow?person=ana" {
		t.Errorf("the user's page leads to %q", to)
	}
}

func TestTokenIsNotLogged(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/trace/secret": "/trace/…", "/trace/secret/start": "/trace/…/start", "/logins": "/logins", "/traces/x": "/traces/x",
	} {
		if got := kit.LoggedPath(path); got != want {
			t.Errorf("%s is logged as %s, want %s", path, got, want)
		}
	}
}

func TestSweepErasesOldLinks(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	s.SignInAs(model.RoleAdmin)
	s.MakeLink("user0")
	ended := s.Now.Add(logins.TraceLinkLifetime)
	if r, err := s.Store.Sweep(t.Context(), ended.Add(29*24*time.Hour), store.Retention{XML: time.Hour}); err != nil || r.Links != 0 {
		t.Errorf("after 29 days: %d links, %v", r.Links, err)
	}
	if r, err := s.Store.Sweep(t.Context(), ended.Add(31*24*time.Hour), store.Retention{XML: time.Hour}); err != nil || r.Links != 1 {
		t.Errorf("after 31 days: %d links, %v", r.Links, err)
	}
}
