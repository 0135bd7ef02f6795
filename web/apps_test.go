package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestAnAppIsConnectedByBothIntegrations(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSiteAs(t, model.RoleAdmin)
	res := s.post("/apps", url.Values{"product": {"jira"}, "road": {"both"}, "base_url": {"https://jira.example.com/"}})
	if res.status != http.StatusOK {
		t.Fatalf("answered %d: %s", res.status, res.text())
	}
	for _, want := range []string{"${preferred_username}", s.url + "/crowd", "https://jira.example.com/plugins/servlet/oidc/callback", "jira-directory"} {
		if !strings.Contains(res.text(), want) {
			t.Errorf("the screens do not say %q", want)
		}
	}
	apps, err := s.store.Apps(ctx)
	if err != nil || len(apps) != 2 {
		t.Fatalf("%d apps, %v", len(apps), err)
	}
	secrets, err := s.store.AppSecrets(ctx, "jira-directory")
	if err != nil || len(secrets) != 1 {
		t.Fatalf("%d secrets, %v", len(secrets), err)
	}
	shown := res.doc.Find("[aria-label='Copy Application Password']").AttrOr("data-copy", "")
	if ok, err := argon2id.ComparePasswordAndHash(shown, secrets[0].Hash); err != nil || !ok {
		t.Errorf("the password that is shown is not the one that is kept: %v", err)
	}
	if again := s.get("/apps/jira-directory"); strings.Contains(again.body, shown) {
		t.Error("the password is shown a second time")
	}
}

func TestWhatIsWrongWithAnApp(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	for name, form := range map[string]url.Values{
		"no address":             {"product": {"jira"}, "road": {"oidc"}},
		"http":                   {"product": {"jira"}, "road": {"oidc"}, "base_url": {"http://jira.example.com"}},
		"a script":               {"product": {"other"}, "road": {"oidc"}, "redirect_uri": {"javascript:alert(1)"}},
		"an unknown product":     {"product": {"word"}, "road": {"crowd"}},
		"an unknown integration": {"product": {"jira"}, "road": {"plane"}, "base_url": {"https://jira.example.com"}},
		"a slug with a blank":    {"product": {"jira"}, "road": {"crowd"}, "slug": {"my jira"}},
	} {
		if res := s.post("/apps", form); res.status != http.StatusUnprocessableEntity || res.value("base_url") != form.Get("base_url") {
			t.Errorf("%s: answered %d, the address is now %q", name, res.status, res.value("base_url"))
		}
	}
	if apps, err := s.store.Apps(context.Background()); err != nil || len(apps) != 0 {
		t.Errorf("%d apps were made, %v", len(apps), err)
	}
}

func TestSecretsAreReplacedWithoutAGap(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSiteAs(t, model.RoleAdmin)
	s.post("/apps", url.Values{"product": {"jira"}, "road": {"crowd"}})
	if res := s.post("/apps/jira/secrets", nil); res.status != http.StatusOK {
		t.Fatalf("a second secret: %d", res.status)
	}
	if res := s.post("/apps/jira/secrets", nil); res.status != http.StatusUnprocessableEntity {
		t.Errorf("a third secret: %d", res.status)
	}
	remove := s.get("/apps/jira").doc.Find("form[action$='/remove']").Last().AttrOr("action", "")
	if res := s.post(remove, nil); res.status != http.StatusSeeOther {
		t.Errorf("removing the old one: %d", res.status)
	}
	if secrets, err := s.store.AppSecrets(ctx, "jira"); err != nil || len(secrets) != 1 {
		t.Errorf("%d secrets are left, %v", len(secrets), err)
	}
}

func TestAnAppsSettings(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSiteAs(t, model.RoleAdmin)
	s.post("/apps", url.Values{"product": {"jira"}, "road": {"crowd"}})
	bad := s.post("/apps/jira", url.Values{"name": {"Jira"}, "group_scope": {"chosen"}, "groups": {"nowhere"}, "allowed_ips": {"10.0.0.5\n10.0.0.0/8\nthere"}})
	if bad.status != http.StatusUnprocessableEntity || !strings.Contains(bad.text(), "“there”") || !strings.Contains(bad.value("allowed_ips"), "10.0.0.0/8") {
		t.Errorf("answered %d: %s", bad.status, bad.text())
	}
	unknown := s.post("/apps/jira", url.Values{"name": {"Jira"}, "group_scope": {"chosen"}, "groups": {"nowhere"}})
	if unknown.status != http.StatusUnprocessableEntity || unknown.value("groups") != "nowhere" {
		t.Errorf("an unknown group answered %d", unknown.status)
	}
	good := s.post("/apps/jira", url.Values{"name": {"Our Jira"}, "group_scope": {"all"}, "allowed_ips": {"10.0.0.5"}})
	app, err := s.store.App(ctx, "jira")
	if good.status != http.StatusSeeOther || err != nil || app.Name != "Our Jira" || len(app.AllowedIPs) != 1 {
		t.Errorf("answered %d: %+v, %v", good.status, app, err)
	}
	if res := s.post("/apps/jira/delete", url.Values{"confirm": {"our jira"}}); res.status != http.StatusSeeOther {
		t.Errorf("deleting answered %d", res.status)
	}
}

// Two apps of one product: what one gets by its directory is not the other's.
func TestAnAppWithoutADirectoryCreatesItsUsers(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	connect := func(slug, integration string) {
		s.post("/apps", url.Values{"product": {"jira"}, "slug": {slug}, "road": {integration}, "base_url": {"https://" + slug + ".example.com"}}).want(t,
			http.StatusOK)
	}
	connect("jira", "both")
	connect("jira-eu", "oidc")
	for slug, want := range map[string]string{"jira": "not ticked", "jira-eu": "ticked"} {
		text := s.get("/apps/" + slug).text()
		if !strings.Contains(text, "Create users on login to the application: "+want) {
			t.Errorf("%s: the box should be %s:\n%s", slug, want, text)
		}
	}
}

// Somebody deletes the connection while another person looks at the app's page.
func TestAnAppIsNotTiedToAConnectionThatIsGone(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.post("/apps", url.Values{"product": {"jira"}, "road": {"oidc"}, "base_url": {"https://jira.example.com"}}).want(t, http.StatusOK)
	form := url.Values{"name": {"Jira"}, "group_scope": {"all"}, "redirect_uris": {"https://jira.example.com/plugins/servlet/oidc/callback"},
		"connection": {"gone"}}
	res := s.post("/apps/jira", form)
	if res.status != http.StatusUnprocessableEntity || !strings.Contains(res.text(), "not there any more") {
		t.Errorf("answered %d: %s", res.status, res.text())
	}
	if app, err := s.store.App(t.Context(), "jira"); err != nil || app.Connection != "" {
		t.Errorf("the app is tied to %q, %v", app.Connection, err)
	}
	form.Del("connection")
	form.Del("group_scope") // the widest choice is no default
	s.post("/apps/jira", form).want(t, http.StatusUnprocessableEntity)
}

// The whole way of a test sign-in: AWS, Postern, and back with the claims.
func TestTestSignInBelongsToItsBrowser(t *testing.T) {
	t.Parallel()
	s := newSAMLSite(t, storetest.Open(t), nil)
	s.signInAs(model.RoleAdmin)
	s.post("/apps", url.Values{"product": {"jira"}, "road": {"oidc"}, "base_url": {"https://jira.example.com"}})
	start := s.get("/apps/jira/test")
	if start.status != http.StatusSeeOther || !strings.HasPrefix(start.header.Get("Location"), "/oidc/callback?id=") {
		t.Fatalf("answered %d, to %q", start.status, start.header.Get("Location"))
	}
	foreign := s.get("/apps/jira/tested?code=stolen&state=guessed")
	if !strings.Contains(foreign.text(), "not the end of a test that this browser started") {
		t.Errorf("a planted answer: %s", foreign.text())
	}
	s.post("/apps", url.Values{"product": {"bamboo"}, "road": {"crowd"}})
	if res := s.get("/apps/bamboo/test"); res.status != http.StatusNotFound {
		t.Errorf("testing the sign-in of a directory: %d", res.status)
	}
	if res := s.get("/apps/bamboo"); !strings.Contains(res.text(), "The app has not asked yet") {
		t.Errorf("a directory that nobody asked: %s", res.text())
	}
}

// Before a connection is live nobody can sign in to an app: the test says so, and
// does not lead to a page that is meant for people.
func TestTestSignInBeforeGoingLive(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.post("/apps", url.Values{"product": {"jira"}, "road": {"oidc"}, "base_url": {"https://jira.example.com"}}).want(t, http.StatusOK)
	res := s.get("/apps/jira/test").want(t, http.StatusOK)
	if !strings.Contains(res.text(), "no connection is live") {
		t.Errorf("the test says: %s", res.text())
	}
	if page := s.get("/apps/jira"); page.doc.Find("a[href='/apps/jira/test']").Length() != 0 ||
		!strings.Contains(page.text(), "can be tested when a connection is live") {
		t.Errorf("the app's page offers a test: %s", page.text())
	}
}

// People find on their own page every app of which it is known where a sign-in
// begins.
func TestPeopleFindTheirApps(t *testing.T) {
	t.Parallel()
	s := newAppSite(t, storetest.Open(t))
	s.signInAs(model.RoleOwner)
	app, err := s.store.App(t.Context(), "jira")
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"name": {"Wiki"}, "group_scope": {"all"}, "redirect_uris": {app.RedirectURIs[0]}}
	for bad, start := range map[string]string{"not an address": "wiki", "plain http": "http://wiki.example.com/", "a script": "javascript:alert(1)"} {
		form.Set("start_url", start)
		if res := s.post("/apps/jira", form); res.status != http.StatusUnprocessableEntity || res.value("start_url") != start {
			t.Errorf("%s answered %d", bad, res.status)
		}
	}
	form.Set("start_url", "https://wiki.example.com/login")
	s.post("/apps/jira", form).want(t, http.StatusSeeOther)
	s.follow(t, "/saml/aws/login", "user0")
	tile := s.get("/me").doc.Find(".tiles a")
	if tile.Length() != 1 || tile.AttrOr("href", "") != "https://wiki.example.com/login" || tile.Text() != "Wiki" {
		t.Errorf("the tiles are %q", tile.Text())
	}
	storetest.Connection(t, s.store, "other", nil)
	form.Set("connection", "other")
	s.post("/apps/jira", form).want(t, http.StatusSeeOther)
	if tile := s.get("/me").doc.Find(".tiles a"); tile.Length() != 0 {
		t.Errorf("who came through another connection is shown %q", tile.Text())
	}
}
