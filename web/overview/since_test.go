package overview_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// What is not well says since when, from what was recorded.
func TestNotWellSaysSinceWhen(t *testing.T) {
	t.Parallel()
	app := model.App{Slug: "jira", Kind: model.AppOIDC, Name: "Jira of the house", Product: "jira",
		AllGroups: true, RedirectURIs: []string{"https://jira.example.com/callback"}}
	must := func(t *testing.T, errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		happen func(t *testing.T, s *webtest.Site)
		want   string
	}{
		"suspended": {func(t *testing.T, s *webtest.Site) {
			must(t, s.Store.SetStatus(t.Context(), webtest.Tester, "aws", model.StatusSuspended))
		}, "It was suspended 3 hours ago."},
		"suspended, resumed and suspended again": {func(t *testing.T, s *webtest.Site) {
			for _, to := range []model.Status{model.StatusSuspended, model.StatusLive, model.StatusSuspended} {
				must(t, s.Store.SetStatus(t.Context(), webtest.Tester, "aws", to))
			}
		}, "It was suspended 3 hours ago."},
		"an app without a secret from the beginning": {func(t *testing.T, s *webtest.Site) {
			must(t, s.Store.CreateApp(t.Context(), webtest.Tester, app))
		}, "The app was added 3 hours ago."},
		"its last secret was deleted": {func(t *testing.T, s *webtest.Site) {
			must(t, s.Store.CreateApp(t.Context(), webtest.Tester, app), s.Store.AddAppSecret(t.Context(), webtest.Tester, "jira", "hash", "hint"))
			secrets, err := s.Store.AppSecrets(t.Context(), "jira")
			must(t, err, s.Store.DeleteAppSecret(t.Context(), webtest.Tester, "jira", secrets[0].ID))
		}, "The last one was deleted 3 hours ago."},
		"its last group was deleted": {func(t *testing.T, s *webtest.Site) {
			s.AddGroup("staff")
			sees := app
			sees.AllGroups, sees.Groups, sees.Public = false, []string{"staff"}, true
			must(t, s.Store.CreateApp(t.Context(), webtest.Tester, sees), s.Store.DeleteGroup(t.Context(), webtest.Tester, "staff"))
		}, "The last one was deleted 3 hours ago."},
		"a source that was never read": {func(t *testing.T, s *webtest.Site) {
			src := model.NewSource(model.SourceLDAP)
			src.Slug, src.Name, src.Status = "corp", "Corporate directory", model.SourceLive
			src.LDAP.URLs, src.LDAP.BindDN = []string{"ldaps://dc1.example.com"}, "CN=postern"
			_, err := s.Store.CreateSource(t.Context(), webtest.Tester, src)
			must(t, err)
			s.Directories.Fail("corp", &directory.ReadError{Reason: "tls_untrusted", Detail: "Its certificate is not trusted.", Remedy: "Paste its CA."})
			for range 3 {
				s.RunSource("corp", runner.Ask{Trigger: model.RunByHand, Actor: webtest.Tester})
			}
		}, "It was never read, and was added 3 hours ago."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSiteAs(t, model.RoleAdmin)
			s.OpenConnection("aws")
			test.happen(t, s)
			s.Now = time.Now().UTC().Add(3*time.Hour + time.Minute) // the audit and what was made are of now
			s.Confirm()
			if needs := s.Get(paths.Overview).Want(t, http.StatusOK).Find("section[aria-labelledby=needs]"); !strings.Contains(needs, test.want) {
				t.Errorf("the needs say %q, want %q", needs, test.want)
			}
		})
	}
}
