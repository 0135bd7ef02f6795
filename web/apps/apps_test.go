package apps_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

func TestAnAppIsConnectedByBothIntegrations(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	res := s.Post("/apps", url.Values{"product": {"jira"}, "road": {"both"}, "base_url": {"https://jira.example.com/"}})
	if res.Status != http.StatusOK {
		t.Fatalf("answered %d: %s", res.Status, res.Text())
	}
	for _, want := range []string{"${preferred_username}", s.URL + "/crowd", "https://jira.example.com/plugins/servlet/oidc/callback", "jira-directory"} {
		if !strings.Contains(res.Text(), want) {
			t.Errorf("the screens do not say %q", want)
		}
	}
	apps, err := s.Store.Apps(ctx)
	if err != nil || len(apps) != 2 {
		t.Fatalf("%d apps, %v", len(apps), err)
	}
	secrets, err := s.Store.AppSecrets(ctx, "jira-directory")
	if err != nil || len(secrets) != 1 {
		t.Fatalf("%d secrets, %v", len(secrets), err)
	}
	shown := res.Doc.Find("[aria-label='Copy Application Password']").AttrOr("data-copy", "")
	if ok, err := argon2id.ComparePasswordAndHash(shown, secrets[0].Hash); err != nil || !ok {
		t.Errorf("the password that is shown is not the one that is kept: %v", err)
	}
	if again := s.Get("/apps/jira-directory"); strings.Contains(again.Body, shown) {
		t.Error("the password is shown a second time")
	}
}

func TestWhatIsWrongWithAnApp(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	for name, form := range map[string]url.Values{
		"no address":             {"product": {"jira"}, "road": {"oidc"}},
		"http":                   {"product": {"jira"}, "road": {"oidc"}, "base_url": {"http://jira.example.com"}},
		"a script":               {"product": {"other"}, "road": {"oidc"}, "redirect_uri": {"javascript:alert(1)"}},
		"an unknown product":     {"product": {"word"}, "road": {"crowd"}},
		"an unknown integration": {"product": {"jira"}, "road": {"plane"}, "base_url": {"https://jira.example.com"}},
		"a slug with a blank":    {"product": {"jira"}, "road": {"crowd"}, "slug": {"my jira"}},
	} {
		if res := s.Post("/apps", form); res.Status != http.StatusUnprocessableEntity || res.Value("base_url") != form.Get("base_url") {
			t.Errorf("%s: answered %d, the address is now %q", name, res.Status, res.Value("base_url"))
		}
	}
	if apps, err := s.Store.Apps(context.Background()); err != nil || len(apps) != 0 {
		t.Errorf("%d apps were made, %v", len(apps), err)
	}
}

func TestSecretsAreReplacedWithoutAGap(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.Post("/apps", url.Values{"product": {"jira"}, "road": {"crowd"}})
	if res := s.Post("/apps/jira/secrets", nil); res.Status != http.StatusOK {
		t.Fatalf("a second secret: %d", res.Status)
	}
	if res := s.Post("/apps/jira/secrets", nil); res.Status != http.StatusUnprocessableEntity {
		t.Errorf("a third secret: %d", res.Status)
	}
	remove := s.Get("/apps/jira").Doc.Find("form[action$='/remove']").Last().AttrOr("action", "")
	if res := s.Post(remove, nil); res.Status != http.StatusSeeOther {
		t.Errorf("removing the old one: %d", res.Status)
	}
	if secrets, err := s.Store.AppSecrets(ctx, "jira"); err != nil || len(secrets) != 1 {
		t.Errorf("%d secrets are left, %v", len(secrets), err)
	}
}

func TestAnAppsSettings(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.Post("/apps", url.Values{"product": {"jira"}, "road": {"crowd"}})
	bad := s.Post("/apps/jira", url.Values{"name": {"Jira"}, "group_scope": {"chosen"}, "groups": {"nowhere"}, "allowed_ips": {"10.0.0.5\n10.0.0.0/8\nthere"}})
	if bad.Status != http.StatusUnprocessableEntity || !strings.Contains(bad.Text(), "“there”") || !strings.Contains(bad.Value("allowed_ips"), "10.0.0.0/8") {
		t.Errorf("answered %d: %s", bad.Status, bad.Text())
	}
	unknown := s.Post("/apps/jira", url.Values{"name": {"Jira"}, "group_scope": {"chosen"}, "groups": {"nowhere"}})
	if unknown.Status != http.StatusUnprocessableEntity || unknown.Value("groups") != "nowhere" {
		t.Errorf("an unknown group answered %d", unknown.Status)
	}
	good := s.Post("/apps/jira", url.Values{"name": {"Our Jira"}, "group_scope": {"all"}, "allowed_ips": {"10.0.0.5, 10.0.0.6;10.1.0.0/16\r\n 10.2.0.1\u00a0"}})
	app, err := s.Store.App(ctx, "jira")
	ips := strings.Join(app.AllowedIPs, " ")
	if good.Status != http.StatusSeeOther || err != nil || app.Name != "Our Jira" || ips != "10.0.0.5 10.0.0.6 10.1.0.0/16 10.2.0.1" {
		t.Errorf("answered %d: %+v, %v", good.Status, app, err)
	}
	if res := s.Post("/apps/jira/delete", url.Values{"confirm": {"our jira"}}); res.Status != http.StatusSeeOther {
		t.Errorf("deleting answered %d", res.Status)
	}
}

// Two apps of one product: what one gets by its directory is not the other's.
func TestAnAppWithoutADirectoryCreatesItsUsers(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	connect := func(slug, integration string) {
		s.Post("/apps", url.Values{"product": {"jira"}, "slug": {slug}, "road": {integration}, "base_url": {"https://" + slug + ".example.com"}}).Want(t,
			http.StatusOK)
	}
	connect("jira", "both")
	connect("jira-eu", "oidc")
	for slug, want := range map[string]string{"jira": "not ticked", "jira-eu": "ticked"} {
		text := s.Get("/apps/" + slug).Text()
		if !strings.Contains(text, "Create users on login to the application: "+want) {
			t.Errorf("%s: the box should be %s:\n%s", slug, want, text)
		}
	}
}

// Somebody deletes the connection while another person looks at the app's page.
func TestAnAppIsNotTiedToAConnectionThatIsGone(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.Post("/apps", url.Values{"product": {"jira"}, "road": {"oidc"}, "base_url": {"https://jira.example.com"}}).Want(t, http.StatusOK)
	form := url.Values{"name": {"Jira"}, "group_scope": {"all"}, "redirect_uris": {"https://jira.example.com/plugins/servlet/oidc/callback"},
		"connection": {"gone"}}
	res := s.Post("/apps/jira", form)
	if res.Status != http.StatusUnprocessableEntity || !strings.Contains(res.Text(), "not there any more") {
		t.Errorf("answered %d: %s", res.Status, res.Text())
	}
	if app, err := s.Store.App(t.Context(), "jira"); err != nil || app.Connection != "" {
		t.Errorf("the app is tied to %q, %v", app.Connection, err)
	}
	form.Del("connection")
	form.Del("group_scope") // the widest choice is no default
	s.Post("/apps/jira", form).Want(t, http.StatusUnprocessableEntity)
}

// The whole way of a test sign-in: AWS, Postern, and back with the claims.
func TestTestSignInBelongsToItsBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	s.SignInAs(model.RoleAdmin)
	s.Post("/apps", url.Values{"product": {"jira"}, "road": {"oidc"}, "base_url": {"https://jira.example.com"}})
	start := s.Get("/apps/jira/test")
	if start.Status != http.StatusSeeOther || !strings.HasPrefix(start.Header.Get("Location"), "/oidc/callback?id=") {
		t.Fatalf("answered %d, to %q", start.Status, start.Header.Get("Location"))
	}
	foreign := s.Get("/apps/jira/tested?code=stolen&state=guessed")
	if !strings.Contains(foreign.Text(), "not the end of a test that this browser started") {
		t.Errorf("a planted answer: %s", foreign.Text())
	}
	s.Post("/apps", url.Values{"product": {"bamboo"}, "road": {"crowd"}})
	if res := s.Get("/apps/bamboo/test"); res.Status != http.StatusNotFound {
		t.Errorf("testing the sign-in of a directory: %d", res.Status)
	}
	if res := s.Get("/apps/bamboo"); !strings.Contains(res.Text(), "Bamboo has not asked yet") {
		t.Errorf("a directory that nobody asked: %s", res.Text())
	}
}

// Before a connection is live nobody can sign in to an app: the test says so, and
// does not lead to a page that is meant for people.
func TestTestSignInBeforeGoingLive(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.Post("/apps", url.Values{"product": {"jira"}, "road": {"oidc"}, "base_url": {"https://jira.example.com"}}).Want(t, http.StatusOK)
	res := s.Get("/apps/jira/test").Want(t, http.StatusOK)
	if !strings.Contains(res.Text(), "no connection is live") {
		t.Errorf("the test says: %s", res.Text())
	}
	if page := s.Get("/apps/jira"); page.Doc.Find("a[href='/apps/jira/test']").Length() != 0 ||
		!strings.Contains(page.Text(), "can be tested when a connection is live") {
		t.Errorf("the app's page offers a test: %s", page.Text())
	}
}

// People find on their own page every app of which it is known where a sign-in
// begins.
func TestPeopleFindTheirApps(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.SignInAs(model.RoleOwner)
	app, err := s.Store.App(t.Context(), "jira")
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"name": {"Wiki"}, "group_scope": {"all"}, "redirect_uris": {app.RedirectURIs[0]}}
	for bad, start := range map[string]string{"not an address": "wiki", "plain http": "http://wiki.example.com/", "a script": "javascript:alert(1)"} {
		form.Set("start_url", start)
		if res := s.Post("/apps/jira", form); res.Status != http.StatusUnprocessableEntity || res.Value("start_url") != start {
			t.Errorf("%s answered %d", bad, res.Status)
		}
	}
	form.Set("start_url", "https://wiki.example.com/login")
	s.Post("/apps/jira", form).Want(t, http.StatusSeeOther)
	s.Follow(t, "/saml/aws/login", "user0")
	tile := s.Get("/me").Doc.Find(".tiles a")
	if tile.Length() != 1 || tile.AttrOr("href", "") != "https://wiki.example.com/login" || tile.Text() != "Wiki" {
		t.Errorf("the tiles are %q", tile.Text())
	}
	storetest.Connection(t, s.Store, "other", nil)
	form.Set("connection", "other")
	s.Post("/apps/jira", form).Want(t, http.StatusSeeOther)
	if tile := s.Get("/me").Doc.Find(".tiles a"); tile.Length() != 0 {
		t.Errorf("who came through another connection is shown %q", tile.Text())
	}
}

// The page of an app says how large its tokens get, and warns where servers
// refuse headers of that size.
func TestAppPageSaysTokenSize(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.SignInAs(model.RoleAdmin)
	page := paths.App("jira")
	if text := s.Get(page).Want(t, http.StatusOK).Text(); strings.Contains(text, "Largest ID token") {
		t.Error("nobody gets groups, and yet there is a largest token")
	}
	s.AddUser("ana")
	member := func(group string) {
		if err := s.Store.AddMember(t.Context(), storetest.Actor, group, "ana"); err != nil {
			t.Fatal(err)
		}
	}
	member("jira-users")
	shown := s.Get(page)
	shown.Has(t, "section[aria-labelledby=token]", "for ana with 1 group that the app sees")
	if strings.Contains(shown.Text(), "refuse headers") {
		t.Error("a small token is warned of")
	}
	app, err := s.Store.App(t.Context(), "jira")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		name := strings.Repeat("wide", 20) + strconv.Itoa(i)
		s.AddGroup(name)
		member(name)
	}
	app.AllGroups = true
	if err := s.Store.SaveApp(t.Context(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	s.Get(page).Has(t, "section[aria-labelledby=token]", "refuse headers of more than 8.2 KB")
}
