package web

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
)

// openConnection makes a connection and takes its draft live.
func (s *testSite) openConnection(slug string) {
	s.t.Helper()
	s.addConnection(slug)
	s.goLiveWith(slug, func(*model.Config) {})
}

// goLiveWith changes the draft and takes it live.
func (s *testSite) goLiveWith(slug string, change func(*model.Config)) {
	s.t.Helper()
	ctx := context.Background()
	draft, err := s.store.StartDraft(ctx, tester, slug)
	if err != nil {
		s.t.Fatal(err)
	}
	draft, err = s.store.SaveDraft(ctx, tester, slug, draft.Version, func(r *model.Revision) error {
		change(&r.Config)
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.store.GoLive(ctx, tester, slug, draft.Version, true); err != nil {
		s.t.Fatal(err)
	}
}

func (s *testSite) connection(slug string) model.Connection {
	s.t.Helper()
	c, err := s.store.Connection(context.Background(), slug)
	if err != nil {
		s.t.Fatalf("connection %s: %v", slug, err)
	}
	return c
}

func TestFirstVisitOffersTheSetup(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	for _, path := range []string{paths.Overview, paths.Connections} {
		res := s.get(path).want(t, http.StatusOK)
		if to, _ := res.doc.Find("main a.btn-primary").Attr("href"); to != paths.SetupNew {
			t.Errorf("%s: the primary action leads to %q", path, to)
		}
	}
	s.client = s.browser()
	s.signInAs(model.RoleViewer)
	if s.get(paths.Overview).doc.Find("main .btn-primary").Length() != 0 {
		t.Error("a viewer is offered to set up")
	}
}

func TestConnectionShowsWhatAWSNeeds(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.addConnection("aws")
	draft := s.get(paths.Connection("aws")).want(t, http.StatusOK)
	draft.has(t, ".copybox-value", s.url+"/saml/aws/acs")
	draft.has(t, ".copybox-value", s.url+"/saml/aws/metadata")
	draft.has(t, ".page-actions", "Continue the setup")
	draft.has(t, "section[aria-labelledby=aws]", "has not been brought yet")
	s.get(paths.Overview).has(t, "section[aria-labelledby=connections]", "Continue the setup")

	s.goLiveWith("aws", func(*model.Config) {})
	live := s.get(paths.Connection("aws")).want(t, http.StatusOK)
	live.has(t, ".copybox-value", s.url+"/saml/aws/login")
	live.has(t, ".tag", "Live")
	s.get(paths.Overview).has(t, "section[aria-labelledby=connections]", "Live since")
}

func TestConnectionIsSuspendedAndResumed(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.openConnection("aws")
	action := func(name string) string { return paths.ConnectionAction("aws", name) }
	s.post(action("suspend"), nil).want(t, http.StatusSeeOther)
	s.get(paths.Connection("aws")).has(t, ".alert-warning", "nobody signs in through this connection")
	s.post(action("resume"), nil).want(t, http.StatusSeeOther)
	if got := s.connection("aws").Status; got != model.StatusLive {
		t.Errorf("status %q after resuming", got)
	}
	s.addConnection("other")
	s.post(paths.ConnectionAction("other", "suspend"), nil).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "does not allow this")
}

func TestConnectionIsEditedInADraft(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.openConnection("aws")
	res := s.post(paths.ConnectionAction("aws", "edit"), nil).want(t, http.StatusSeeOther)
	if to := res.header.Get("Location"); to != paths.Setup("aws") {
		t.Errorf("leads to %q, want the setup", to)
	}
	if c := s.connection("aws"); c.Draft == nil || c.Live == nil {
		t.Fatalf("draft %v, live %v; want both", c.Draft, c.Live)
	}
	s.get(paths.Connection("aws")).has(t, ".alert-info", "Logins use revision 1 until the draft goes live")
	s.post(paths.ConnectionAction("aws", "discard"), nil).want(t, http.StatusSeeOther)
	if s.connection("aws").Draft != nil {
		t.Error("the draft is still there")
	}
}

func TestRevisionIsBroughtBack(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.openConnection("aws")
	s.goLiveWith("aws", func(c *model.Config) { c.IdPMetadata = awsMetadata() })
	s.goLiveWith("aws", func(c *model.Config) { c.AllowIdPInitiated = false })
	shown := s.get(paths.Connection("aws"))
	if n := shown.doc.Find("section[aria-labelledby=revisions] a[href*=restore]").Length(); n != 2 {
		t.Errorf("%d revisions can be brought back, want two", n)
	}
	s.get(paths.ConnectionAction("aws", "restore")+"?number=2").has(t, "main", "can now sign in with the tile")
	s.post(paths.ConnectionAction("aws", "restore"), url.Values{"number": {"1"}}).want(t, http.StatusUnprocessableEntity) // without metadata
	for _, number := range []string{"", "x", "99"} {
		s.post(paths.ConnectionAction("aws", "restore"), url.Values{"number": {number}}).want(t, http.StatusNotFound)
	}
	s.post(paths.ConnectionAction("aws", "restore"), url.Values{"number": {"2"}}).want(t, http.StatusSeeOther)
	if live := s.connection("aws").Live; !live.Config.AllowIdPInitiated {
		t.Errorf("revision %d is live with the later configuration", live.Number)
	}
}

func TestConnectionIsDeletedOnlyWhenNamed(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.openConnection("aws")
	s.post(paths.ConnectionAction("aws", "delete"), url.Values{"confirm": {"yes"}}).want(t, http.StatusUnprocessableEntity).has(t,
		".field-problem", "Nothing was deleted")
	s.connection("aws")
	s.post(paths.ConnectionAction("aws", "delete"), url.Values{"confirm": {"aws"}}).want(t, http.StatusSeeOther)
	s.get(paths.Connection("aws")).want(t, http.StatusNotFound)
}

// An app whose people came through a connection that is deleted is not left
// without any.
func TestAppsOutliveTheirConnection(t *testing.T) {
	t.Parallel()
	s := newAppSite(t, storetest.Open(t))
	storetest.LiveConnection(t, s.store, "other", func(c *model.Config) { c.IdPMetadata = string(s.sim.Metadata(s.app)) })
	app, err := s.store.App(t.Context(), "jira")
	if err != nil {
		t.Fatal(err)
	}
	app.Connection = "other"
	if err := s.store.SaveApp(t.Context(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	s.signInAs(model.RoleAdmin)
	s.get("/connections/other").has(t, "main", "People of Jira come through this connection alone")
	s.post("/connections/other/delete", url.Values{"confirm": {"other"}}).want(t, http.StatusSeeOther)
	if n := s.audited("app.update"); n != 2 {
		t.Errorf("%d lines in the audit about the app", n)
	}
	s.client = s.browser()
	s.signIn(t, "user0")
}
