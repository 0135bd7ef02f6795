package logins_test

import (
	"context"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// A cure that stands is said as it stands, however it came to be: somebody added by
// hand, linked by a login.
func TestDoneCures(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	reason := func(s *webtest.SamlSite, l model.Login) string {
		page := s.Get(paths.Login(l.ID))
		if text := page.Find("section[aria-labelledby=reason] .note"); text != "" {
			return text
		}
		return "open: " + page.Find("section[aria-labelledby=reason]")
	}
	t.Run("added", func(t *testing.T) {
		t.Parallel()
		s := webtest.NewSAMLSite(t, storetest.Open(t), func(c *model.Config) { c.Provisioning = model.ProvisioningManual })
		l := answers(t, s, "user0")
		s.SignInAs(model.RoleViewer)
		if got := reason(s, l); !strings.Contains(got, "Add the person as a user") {
			t.Errorf("before: %s", got)
		}
		if _, err := s.Store.CreateUser(ctx, storetest.Actor, model.User{Username: "user0", Active: true, Source: model.UserManual}, nil); err != nil {
			t.Fatal(err)
		}
		if got := reason(s, l); !strings.Contains(got, "There is a user user0 now. Added by "+storetest.Actor.Name) {
			t.Errorf("after: %s", got)
		}
	})
	t.Run("linked by a login", func(t *testing.T) {
		t.Parallel()
		s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
		u := storetest.User(t, s.Store, "user0")
		if err := s.Store.TakeBackLink(ctx, storetest.Actor, u.ID, "aws"); err != nil {
			t.Fatal(err)
		}
		l := answers(t, s, "user0")
		if l.Refusal == nil || l.Refusal.Cause != model.CauseNotAllowed {
			t.Fatalf("%+v", l.Refusal)
		}
		if _, err := s.Store.AllowLink(ctx, storetest.Actor, "aws", []string{u.ID}); err != nil {
			t.Fatal(err)
		}
		signedIn(t, answers(t, s, "user0"))
		s.SignInAs(model.RoleAdmin)
		if got := reason(s, l); !strings.Contains(got, "is linked to user0 now") || !strings.Contains(got, "Linked by login ") || strings.Contains(got, ",just") {
			t.Errorf("after: %s", got)
		}
	})
}
