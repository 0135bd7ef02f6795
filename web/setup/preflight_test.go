package setup_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func TestPreflightCountsWhoGetsIn(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*model.Config)
		lost   int
		says   []string
	}{
		"nothing changes": {func(*model.Config) {}, 0,
			[]string{"2 get in", "1 is refused: the user is deactivated", "1 gets in, if AWS sends exactly their username"}},
		"by hand from now on": {func(c *model.Config) { c.Provisioning = model.ProvisioningManual }, 0,
			[]string{"2 get in", "1 gets in, if AWS sends exactly their username"}},
		"an attribute that AWS never sent": {func(c *model.Config) { c.Attributes.Username = "nickname" }, 2,
			[]string{"2 people who can sign in today could not", "an attribute is missing"}},
		"no stable id and another username": {func(c *model.Config) { c.Attributes.Username, c.Attributes.ExternalID = "login", "" }, 0,
			[]string{"2 people get another username at the next sign-in", "ana → ana2", "2 get in, and are renamed", "no app is connected"}},
		"another attribute for rules": {func(c *model.Config) { c.Attributes.AWSGroups = "memberOf" }, 0, []string{"2 get in"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.EditedLive(t, c.change)
			page := s.Get("/setup/aws/go-live")
			for _, want := range c.says {
				if !strings.Contains(page.Find("#who-gets-in"), want) {
					t.Errorf("the page does not say %q: %s", want, page.Find("#who-gets-in"))
				}
			}
			list, err := csv.NewReader(strings.NewReader(s.Get("/setup/aws/go-live/people").Body)).ReadAll()
			if err != nil || len(list) != 5 {
				t.Fatalf("the list has %d lines, %v", len(list), err)
			}
			lost := 0
			for _, line := range list[1:] {
				if line[7] == "true" {
					lost++
				}
			}
			if lost != c.lost {
				t.Errorf("%d are locked out, want %d", lost, c.lost)
			}
			if n := s.Audited("user.export"); n != 1 {
				t.Errorf("%d lines in the audit about who read the list", n)
			}
		})
	}
}

// Who gets in because an administrator allowed it does not when that is taken back.
func TestPreflightKnowsWhatIsAllowed(t *testing.T) {
	t.Parallel()
	s := webtest.EditedLive(t, func(*model.Config) {})
	dora, err := s.Store.User(t.Context(), "dora")
	if err == nil {
		err = s.Store.TakeBackLink(t.Context(), webtest.Tester, dora.ID, "aws")
	}
	if err != nil {
		t.Fatal(err)
	}
	if page := s.Get("/setup/aws/go-live").Find("#who-gets-in"); !strings.Contains(page, "1 is refused, if AWS sends their username") {
		t.Errorf("the page says %s", page)
	}
}

func TestNobodyIsLockedOutUnseen(t *testing.T) {
	t.Parallel()
	s := webtest.EditedLive(t, func(c *model.Config) { c.Attributes.Username = "nickname" })
	version := strconv.Itoa(s.Draft().Version)
	refused := s.Post("/setup/aws/go-live/confirm", url.Values{"version": {version}})
	if refused.Status != http.StatusUnprocessableEntity || s.Connection("aws").Draft == nil {
		t.Fatalf("went live without the box: %d", refused.Status)
	}
	if res := s.Post("/setup/aws/go-live/confirm", url.Values{"version": {version}, "accept_losses": {"on"}}); res.Status != http.StatusSeeOther {
		t.Fatalf("with the box: %d: %s", res.Status, res.Text())
	}
	entries, _, err := s.Store.Audit(context.Background(), store.AuditQuery{Action: "connection.lock_out_accepted"})
	if err != nil || len(entries) != 1 || !strings.HasPrefix(entries[0].Note, "2 people") {
		t.Errorf("audit: %+v, %v", entries, err)
	}
	review := s.Get("/connections/aws/restore?number=1")
	if review.Status != http.StatusOK || !strings.Contains(review.Text(), "nickname") {
		t.Errorf("the review answered %d: %s", review.Status, review.Text())
	}
	if res := s.Post("/connections/aws/restore", url.Values{"number": {"1"}}); res.Status != http.StatusSeeOther {
		t.Errorf("bringing the old one back answered %d: %s", res.Status, res.Text())
	}
}

// The last page says which apps hear of the change, and only where none is
// connected that nothing changes in any.
func TestGoLiveNamesTheAppsThatHear(t *testing.T) {
	t.Parallel()
	s := webtest.EditedLive(t, func(*model.Config) {})
	s.Get("/setup/aws/go-live").Has(t, "section[aria-labelledby=changes]", "No app is connected to Postern yet")
	for _, a := range []model.App{
		{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", RedirectURIs: []string{"https://jira.example.com/cb"}, AllGroups: true},
		{Slug: "wiki", Kind: model.AppCrowd, Name: "Wiki", AllGroups: true},
	} {
		if err := s.Store.CreateApp(t.Context(), storetest.Actor, a); err != nil {
			t.Fatal(err)
		}
	}
	s.Get("/setup/aws/go-live").Has(t, "section[aria-labelledby=changes]", "Jira and Wiki are connected to Postern: what changes for people changes there")
}
