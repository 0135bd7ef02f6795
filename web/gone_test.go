package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// An action on a part that is gone says which part, who took it away and when, and
// leads to the page.
func TestActionsOnPartsThatAreGone(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.SignIn(t, "user0")
	s.SignInAs(model.RoleOwner)
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	u, err := s.Store.User(ctx, "user0")
	must(err)
	identities, err := s.Store.Identities(ctx, u.ID)
	must(err)
	must(s.Store.AddMember(ctx, storetest.Actor, "jira-users", "user0"))
	secrets, err := s.Store.AppSecrets(ctx, "jira")
	must(err)
	robot := storetest.User(t, s.Store, "robot")
	must(s.Store.SetServicePassword(ctx, storetest.Actor, "robot", "hash", "begins"))
	_, err = s.Store.StartDraft(ctx, storetest.Actor, "aws")
	must(err)
	setupLink, err := s.Store.CreateSetupLink(ctx, storetest.Actor, "aws", model.TaskSetup, "token", s.Now, s.Now.Add(time.Hour))
	must(err)
	traceLink, err := s.Store.CreateTraceLink(ctx, storetest.Actor, model.TraceLink{Connection: "aws", Person: "Ana", TokenSealed: []byte("x"),
		CreatedAt: s.Now, ExpiresAt: s.Now.Add(time.Hour)}, "t")
	must(err)
	bulk, err := s.Store.Bulk(ctx, storetest.Actor, model.BulkAdd, "jira-users", []string{robot.ID})
	must(err)
	undo, follow := "/bulk/"+strconv.FormatInt(bulk.ID, 10)+"/undo", "/logins/follow/"+strconv.FormatInt(traceLink.ID, 10)+"/end"
	revoke := "/connections/aws/setup-links/" + strconv.FormatInt(setupLink.ID, 10) + "/revoke"
	secret := "/apps/jira/secrets/" + strconv.FormatInt(secrets[0].ID, 10) + "/remove"
	for _, c := range []struct {
		path, page, part string
		form             url.Values
	}{
		{"/users/user0/unlink", "/users/user0", "This AWS identity was already unlinked by", url.Values{"identity": {strconv.FormatInt(identities[0].ID, 10)}}},
		{"/groups/jira-users/members/remove", "/groups/jira-users", "This membership by hand was already removed by", url.Values{"username": {"user0"}}},
		{"/users/user0/groups/remove", "/users/user0", "This membership by hand was already removed by", url.Values{"group": {"jira-users"}}},
		{undo, "/groups/jira-users", "This bulk change was already undone by", nil},
		{follow, "/logins/follow", "This link was already ended by", nil},
		{revoke, "/connections/aws", "This setup link was already revoked by", nil},
		{secret, "/apps/jira", "This secret was already removed by", nil},
		{"/users/robot/password/remove", "/users/robot", "The password for programs was already removed by", nil},
		{"/connections/aws/discard", "/connections/aws", "The draft was already discarded by", nil},
	} {
		if res := s.Post(c.path, c.form); res.Status != http.StatusSeeOther && c.path != "/users/user0/groups/remove" {
			t.Fatalf("%s the first time: %d %s", c.path, res.Status, res.Text())
		}
		s.Get(c.page) // shows what was done
		s.Now = s.Now.Add(3 * time.Minute)
		res := s.Post(c.path, c.form)
		if res.Status != http.StatusSeeOther || res.Header.Get("Location") != c.page {
			t.Errorf("%s again: %d to %q: %s", c.path, res.Status, res.Header.Get("Location"), res.Text())
			continue
		}
		if text := s.Get(c.page).Find(".alert"); !strings.Contains(text, c.part+" owner@example.com") || !strings.Contains(text, "minutes ago") {
			t.Errorf("%s again: the page says %q", c.path, text)
		}
	}
}

// A part that never was is a page that says which part, and leads on.
func TestPartsThatNeverWere(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	s.SignIn(t, "user0")
	s.SignInAs(model.RoleOwner)
	for _, c := range []struct {
		path, page, part string
		form             url.Values
	}{
		{"/users/user0/unlink", "/users/user0", "This AWS identity is not here", url.Values{"identity": {"99999"}}},
		{"/groups/jira-users/members/remove", "/groups/jira-users", "This membership by hand is not here", url.Values{"username": {"user0"}}},
		{"/apps/jira/secrets/99999/remove", "/apps/jira", "This secret is not here", nil},
		{"/connections/aws/certificates/remove", "/connections/aws/certificates", "This certificate is not here", url.Values{"fingerprint": {"00"}}},
		{"/connections/aws/setup-links/99999/revoke", "/connections/aws", "This setup link is not here", nil},
		{"/connections/aws/restore", "/connections/aws", "This revision is not here", url.Values{"number": {"99"}}},
		{"/account/sessions/end", "/account", "This session is not here", url.Values{"session": {"99999"}}},
		{"/account/passkeys/remove", "/account", "This passkey is not here", url.Values{"id": {"AAAA"}}},
		{"/logins/follow/99999/end", "/logins/follow", "This link is not here", nil},
		{"/bulk/99999/undo", "/", "This bulk change is not here", nil},
	} {
		res := s.Post(c.path, c.form)
		if res.Status != http.StatusNotFound || !strings.Contains(res.Find("h1"), c.part) || res.Doc.Find("a.btn-primary").AttrOr("href", "") != c.page {
			t.Errorf("%s: %d %q to %q", c.path, res.Status, res.Find("h1"), res.Doc.Find("a.btn-primary").AttrOr("href", ""))
		}
	}
}
