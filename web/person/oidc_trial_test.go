package person_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// A test sign-in goes the whole way, comes back here, and leaves nothing behind.
func TestTrialOfAnApp(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	ctx := context.Background()
	const back = "/apps/jira/tested"
	app, err := s.Store.App(ctx, "jira")
	if err != nil {
		t.Fatal(err)
	}
	s.SignIn(t, "user0")
	before, err := s.Store.AppSignInsOf(ctx, "jira")
	if err != nil {
		t.Fatal(err)
	}
	start, err := s.Person.Provider.StartTrial(ctx, app, "state")
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(s.Get(start).Header.Get("Location"))
	if err != nil || !strings.HasPrefix(to.String(), s.URL+back+"?") || to.Query().Get("state") != "state" {
		t.Fatalf("leads to %q: %v", to, err)
	}
	code := to.Query().Get("code")
	other := app
	other.Slug = "other"
	if _, err := s.Person.Provider.FinishTrial(ctx, other, code); !errors.Is(err, provider.ErrTrial) {
		t.Errorf("another app: %v", err)
	}
	got, err := s.Person.Provider.FinishTrial(ctx, app, code)
	if err != nil || got.Claims["preferred_username"] != "user0" || got.Claims["aud"] == nil || got.KeyID == "" {
		t.Errorf("%+v: %v", got, err)
	}
	if groups, ok := got.Claims["groups"].([]any); !ok || len(groups) != 0 {
		t.Errorf("groups %v", got.Claims["groups"])
	}
	if _, err := s.Person.Provider.FinishTrial(ctx, app, code); !errors.Is(err, provider.ErrTrial) {
		t.Errorf("a second time: %v", err)
	}
	if after, err := s.Store.AppSignInsOf(ctx, "jira"); err != nil || after != before {
		t.Errorf("the evidence changed to %+v: %v", after, err)
	}
	real := s.Answer(t, s.Oauth.AuthCodeURL("state"), "").Get("code")
	if _, err := s.Person.Provider.FinishTrial(ctx, app, real); !errors.Is(err, provider.ErrTrial) {
		t.Errorf("a code of the app's own: %v", err)
	}
	s.Exchange(t, real)
}
