package web

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
)

// followedLogin goes to AWS by a link and comes back as somebody.
func (s *samlSite) followedLogin(token, username string) *page {
	s.t.Helper()
	start := s.get(paths.TraceStart(token)).want(s.t, http.StatusSeeOther)
	to, err := url.Parse(start.header.Get("Location"))
	if err != nil {
		s.t.Fatal(err)
	}
	m, err := s.sim.SignIn(s.app, username, inflate(s.t, to.Query().Get("SAMLRequest")), to.Query().Get("RelayState"))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.post("/saml/aws/acs", url.Values{"SAMLResponse": {m.SAMLResponse()}, "RelayState": {m.RelayState}})
}

func (s *samlSite) makeLink(person string) (at, token string) {
	s.t.Helper()
	at = s.post(paths.TraceLinkNew, url.Values{"person": {person}, "connection": {"aws"}}).want(s.t, http.StatusSeeOther).header.Get("Location")
	link := s.get(at).want(s.t, http.StatusOK).find(".copybox-value")
	token, ok := strings.CutPrefix(link, s.url+"/trace/")
	if !ok {
		s.t.Fatalf("the link is %q", link)
	}
	return at, token
}

func TestLoginIsFollowedByALink(t *testing.T) {
	t.Parallel()
	s := newSAMLSite(t, storetest.Open(t), nil)
	s.signInAs(model.RoleAdmin)
	at, token := s.makeLink("user0")
	poll := func(p *page) string {
		t.Helper()
		to, _ := p.doc.Find("#trace-state").Attr("hx-get")
		if to == "" {
			t.Fatalf("the page does not follow: %s", p.body)
		}
		return to
	}
	before := s.get(at)
	before.has(t, "#trace-state", "Waiting for user0 to open the link")
	next := poll(before)
	s.part(next).want(t, http.StatusNoContent)

	// Looking at the link starts nothing.
	s.get(paths.Trace(token)).want(t, http.StatusOK).has(t, "main", "admin@example.com")
	s.part(next).want(t, http.StatusNoContent)

	s.get(paths.TraceStart(token)).want(t, http.StatusSeeOther)
	away := s.part(next).want(t, http.StatusOK)
	away.has(t, "#trace-state", "user0 is at AWS")

	if res := s.followedLogin(token, "user0"); res.status != http.StatusSeeOther || res.header.Get("Location") != paths.Me {
		t.Fatalf("the login ended with %d: %s", res.status, res.text())
	}
	done := s.part(poll(away)).want(t, http.StatusOK)
	done.has(t, "#trace-state", "user0 was signed in")
	done.has(t, "#trace-said", "user0 was signed in")
	if done.doc.Find(".trap").Length() > 0 {
		t.Error("the right person is called somebody else")
	}
	trace, _ := done.doc.Find("a[href^='/logins/']").Attr("href")
	s.get(trace).want(t, http.StatusOK).has(t, "section[aria-labelledby=facts]", "a link made for user0")
	s.get(at).has(t, "section[aria-labelledby=link]", "2 logins")

	s.followedLogin(token, "user1")
	s.get(at).has(t, ".trap", "user1 came back")
	s.get(paths.Audit).has(t, "tbody", "Link to follow a login created user0")
	if strings.Contains(s.get(paths.Audit).body, token) {
		t.Error("the audit has the token")
	}
}

func TestFollowedRefusalIsExplained(t *testing.T) {
	t.Parallel()
	s := newSAMLSite(t, storetest.Open(t), func(c *model.Config) { c.Provisioning = model.ProvisioningManual })
	s.signInAs(model.RoleAdmin)
	at, token := s.makeLink("user0")
	if res := s.followedLogin(token, "user0"); res.status != http.StatusForbidden {
		t.Fatalf("the login ended with %d", res.status)
	}
	res := s.get(at)
	res.has(t, "#trace-state", "Nobody here has this username")
	res.has(t, "#trace-state", "What to do")
	res.has(t, "#trace-state a.btn-primary", "Add this person")
	res.has(t, ".check-failed", "The person may sign in here")
}

func TestLinkEnds(t *testing.T) {
	t.Parallel()
	s := newSAMLSite(t, storetest.Open(t), nil)
	s.signInAs(model.RoleAdmin)
	at, token := s.makeLink("user0")
	_, other := s.makeLink("user1")
	s.get(paths.TraceLinkNew).has(t, "section[aria-labelledby=open]", "user1")

	s.post(at+"/end", nil).want(t, http.StatusSeeOther)
	s.get(at).has(t, "section[aria-labelledby=link]", "Make a new one")
	s.get(paths.Audit).has(t, "tbody", "Link to follow a login ended user0")
	for _, path := range []string{paths.Trace(token), paths.TraceStart(token), paths.Trace("nonsense")} {
		s.get(path).want(t, http.StatusNotFound).has(t, "main", "This link has ended")
	}
	s.get(paths.Trace(other)).want(t, http.StatusOK)
	s.now = s.now.Add(traceLinkLifetime)
	s.get(paths.TraceStart(other)).want(t, http.StatusNotFound)
}

func TestLinkNeedsAPersonAndALiveConnection(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.get(paths.TraceLinkNew).has(t, ".empty-state", "No connection is live")
	s.openConnection("aws")
	s.addConnection("draft")
	s.addUser("ana")
	form := s.get(paths.TraceLinkNew + "?person=ana")
	if got, _ := form.doc.Find("input[name=person]").Attr("value"); got != "ana" {
		t.Errorf("the form has %q", got)
	}
	if n := form.doc.Find("select[name=connection] option").Length(); n != 1 {
		t.Errorf("%d connections are offered", n)
	}
	res := s.post(paths.TraceLinkNew, url.Values{"person": {" "}, "connection": {"draft"}}).want(t, http.StatusUnprocessableEntity)
	res.has(t, ".problems", "whose login")
	res.has(t, ".problems", "Choose a connection that is live")
	if to, _ := s.get(paths.User("ana")).doc.Find("section[aria-labelledby=logins] a[href^='/logins/follow']").Attr("href"); to != "/logins/follow?person=ana" {
		t.Errorf("the user's page leads to %q", to)
	}
}

func TestTokenIsNotLogged(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/trace/secret": "/trace/…", "/trace/secret/start": "/trace/…/start", "/logins": "/logins", "/traces/x": "/traces/x",
	} {
		if got := loggedPath(path); got != want {
			t.Errorf("%s is logged as %s, want %s", path, got, want)
		}
	}
}

func TestSweepErasesOldLinks(t *testing.T) {
	t.Parallel()
	s := newSAMLSite(t, storetest.Open(t), nil)
	s.signInAs(model.RoleAdmin)
	s.makeLink("user0")
	ended := s.now.Add(traceLinkLifetime)
	if r, err := s.store.Sweep(t.Context(), ended.Add(29*24*time.Hour), store.Retention{XML: time.Hour}); err != nil || r.Links != 0 {
		t.Errorf("after 29 days: %d links, %v", r.Links, err)
	}
	if r, err := s.store.Sweep(t.Context(), ended.Add(31*24*time.Hour), store.Retention{XML: time.Hour}); err != nil || r.Links != 1 {
		t.Errorf("after 31 days: %d links, %v", r.Links, err)
	}
}
