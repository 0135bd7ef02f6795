package connections_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

func TestFirstVisitOffersTheSetup(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	for _, path := range []string{paths.Overview, paths.Connections} {
		res := s.Get(path).Want(t, http.StatusOK)
		if to, _ := res.Doc.Find("main a.btn-primary").Attr("href"); to != paths.SetupNew {
			t.Errorf("%s: the primary action leads to %q", path, to)
		}
	}
	s.Client = s.Browser()
	s.SignInAs(model.RoleViewer)
	if s.Get(paths.Overview).Doc.Find("main .btn-primary").Length() != 0 {
		t.Error("a viewer is offered to set up")
	}
}

func TestConnectionShowsWhatAWSNeeds(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddConnection("aws")
	draft := s.Get(paths.Connection("aws")).Want(t, http.StatusOK)
	draft.Has(t, ".copybox-value", s.URL+"/saml/aws/acs")
	draft.Has(t, ".copybox-value", s.URL+"/saml/aws/metadata")
	draft.Has(t, ".page-actions", "Continue the setup")
	draft.Has(t, "section[aria-labelledby=aws]", "has not been brought yet")
	s.Get(paths.Overview).Has(t, "section[aria-labelledby=needs]", "is not finished")

	s.GoLiveWith("aws", func(*model.Config) {})
	live := s.Get(paths.Connection("aws")).Want(t, http.StatusOK)
	live.Has(t, ".copybox-value", s.URL+"/saml/aws/login")
	live.Has(t, ".tag", "Live")
	s.Get(paths.Connections).Has(t, "tbody", "Live since")
}

func TestConnectionIsSuspendedAndResumed(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.OpenConnection("aws")
	action := func(name string) string { return paths.ConnectionAction("aws", name) }
	s.Post(action("suspend"), nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Connection("aws")).Has(t, ".alert-warning", "nobody signs in through this connection")
	s.Post(action("resume"), nil).Want(t, http.StatusSeeOther)
	if got := s.Connection("aws").Status; got != model.StatusLive {
		t.Errorf("status %q after resuming", got)
	}
	s.AddConnection("other")
	s.Post(paths.ConnectionAction("other", "suspend"), nil).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "does not allow this")
}

func TestConnectionIsEditedInADraft(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.OpenConnection("aws")
	res := s.Post(paths.ConnectionAction("aws", "edit"), nil).Want(t, http.StatusSeeOther)
	if to := res.Header.Get("Location"); to != paths.Setup("aws") {
		t.Errorf("leads to %q, want the setup", to)
	}
	if c := s.Connection("aws"); c.Draft == nil || c.Live == nil {
		t.Fatalf("draft %v, live %v; want both", c.Draft, c.Live)
	}
	s.Get(paths.Connection("aws")).Has(t, ".alert-info", "Logins use revision 1 until the draft goes live")
	s.Post(paths.ConnectionAction("aws", "discard"), nil).Want(t, http.StatusSeeOther)
	if s.Connection("aws").Draft != nil {
		t.Error("the draft is still there")
	}
}

func TestRevisionIsBroughtBack(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.AddConnection("aws")
	s.GoLiveWith("aws", func(*model.Config) {})
	s.GoLiveWith("aws", func(c *model.Config) { c.IdPMetadata = webtest.AwsMetadata() })
	s.GoLiveWith("aws", func(c *model.Config) { c.AllowIdPInitiated = false })
	shown := s.Get(paths.Connection("aws"))
	if n := shown.Doc.Find("section[aria-labelledby=revisions] a[href*=restore]").Length(); n != 2 {
		t.Errorf("%d revisions can be brought back, want two", n)
	}
	s.Get(paths.ConnectionAction("aws", "restore")+"?number=2").Has(t, "main", "can now sign in with the tile")
	s.Post(paths.ConnectionAction("aws", "restore"), url.Values{"number": {"1"}}).Want(t, http.StatusUnprocessableEntity) // without metadata
	for _, number := range []string{"", "x", "99"} {
		s.Post(paths.ConnectionAction("aws", "restore"), url.Values{"number": {number}}).Want(t, http.StatusNotFound)
	}
	s.Post(paths.ConnectionAction("aws", "restore"), url.Values{"number": {"2"}}).Want(t, http.StatusSeeOther)
	if live := s.Connection("aws").Live; !live.Config.AllowIdPInitiated {
		t.Errorf("revision %d is live with the later configuration", live.Number)
	}
}

func TestConnectionIsDeletedOnlyWhenNamed(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.OpenConnection("aws")
	s.Post(paths.ConnectionAction("aws", "delete"), url.Values{"confirm": {"yes"}}).Want(t, http.StatusUnprocessableEntity).Has(t,
		".field-problem", "Nothing was deleted")
	s.Connection("aws")
	s.Post(paths.ConnectionAction("aws", "delete"), url.Values{"confirm": {"aws"}}).Want(t, http.StatusSeeOther)
	s.Get(paths.Connection("aws")).Want(t, http.StatusNotFound)
}

// An app whose people came through a connection that is deleted is not left
// without any.
func TestAppsOutliveTheirConnection(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	storetest.LiveConnection(t, s.Store, "other", func(c *model.Config) { c.IdPMetadata = string(s.Sim.Metadata(s.App)) })
	app, err := s.Store.App(t.Context(), "jira")
	if err != nil {
		t.Fatal(err)
	}
	app.Connection = "other"
	if err := s.Store.SaveApp(t.Context(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	s.SignInAs(model.RoleAdmin)
	s.Get("/connections/other").Has(t, "main", "People of Jira come through this connection alone")
	s.Post("/connections/other/delete", url.Values{"confirm": {"other"}}).Want(t, http.StatusSeeOther)
	if n := s.Audited("app.update"); n != 2 {
		t.Errorf("%d lines in the audit about the app", n)
	}
	s.Client = s.Browser()
	s.SignIn(t, "user0")
}
