package logins_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/logins"
	"github.com/postern-sso/postern/web/webtest"
)

func TestPretendedTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	tests := []struct {
		text string
		want time.Time
	}{
		{"", now},
		{"2026-11-20T10:05:00Z", time.Date(2026, 11, 20, 10, 5, 0, 0, time.UTC)},
		{"2026-11-20T10:05:00.123Z", time.Date(2026, 11, 20, 10, 5, 0, 123e6, time.UTC)},
		{"2026-11-20T10:05:00+01:00", time.Date(2026, 11, 20, 9, 5, 0, 0, time.UTC)},
		{"2026-11-20 10:05:00 UTC", time.Date(2026, 11, 20, 10, 5, 0, 0, time.UTC)},
		{"20 November 2026, 10:05:00 UTC", time.Date(2026, 11, 20, 10, 5, 0, 0, time.UTC)},
		{"20 November 2026, 10:05 UTC", time.Date(2026, 11, 20, 10, 5, 0, 0, time.UTC)},
		{"2026-11-20 10:05", time.Date(2026, 11, 20, 10, 5, 0, 0, time.UTC)},
	}
	for _, tt := range tests {
		if got, err := logins.PretendedTime(tt.text, now); err != nil || !got.Equal(tt.want) {
			t.Errorf("%q is %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
	for _, text := range []string{"yesterday", "14:05", "20.11.2026"} {
		if got, err := logins.PretendedTime(text, now); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestVerifiedBy(t *testing.T) {
	t.Parallel()
	mark := strings.Repeat("AB:", 31) + "CD"
	passed := model.Check{State: model.CheckPassed, Received: "the certificate " + mark}
	failed := model.Check{State: model.CheckFailed, Received: strings.Repeat("00:", 31) + "00"}
	if got := logins.VerifiedBy([]model.Check{failed, passed}); got != mark {
		t.Errorf("got %q, want %q", got, mark)
	}
	if got := logins.VerifiedBy([]model.Check{failed}); got != "" {
		t.Errorf("a failed check names %q", got)
	}
}

func TestInspectorAsksForWhatItNeeds(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	s.Get(paths.Inspector).Want(t, http.StatusOK).Has(t, ".empty-state", "No connection to judge by")
	s.Post(paths.Inspector, url.Values{"response": {"x"}, "revision": {"1"}}).Want(t, http.StatusUnprocessableEntity).
		Has(t, ".problems", "Choose a revision")

	s.AddConnection("aws")
	s.GoLiveWith("aws", func(c *model.Config) { c.IdPMetadata = "<unusable/>" })
	form := s.Get(paths.Inspector).Want(t, http.StatusOK)
	form.Has(t, "select[name=revision]", "AWS, revision 1 (live)")
	id, _ := form.Doc.Find("select[name=revision] option").Attr("value")
	res := s.Post(paths.Inspector, url.Values{"revision": {id}, "at": {"yesterday"}}).Want(t, http.StatusUnprocessableEntity)
	res.Has(t, ".problems", "Paste a SAML response first")
	res.Has(t, ".problems", "Type the time as UTC")
	s.Post(paths.Inspector, url.Values{"revision": {id}, "response": {"<Response/>"}}).Want(t, http.StatusUnprocessableEntity).
		Has(t, ".problems", "metadata of this revision cannot be used")
}

func TestInspectorJudgesAPastedResponse(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	sim, err := awssim.New(awssim.Options{
		BaseURL: "https://portal.sso.us-east-1.amazonaws.com", Now: func() time.Time { return s.Now },
	})
	if err != nil {
		t.Fatal(err)
	}
	app, err := sim.AddApplication(awssim.StandardApplication("Postern", s.URL+"/saml/aws/acs", s.URL+"/saml/aws/metadata"))
	if err != nil {
		t.Fatal(err)
	}
	s.AddConnection("aws")
	s.GoLiveWith("aws", func(c *model.Config) {
		c.IdPMetadata, c.Attributes = string(sim.Metadata(app.ID)), model.WizardAttributes()
	})
	m, err := sim.SignIn(app.ID, "alice", "", "")
	if err != nil {
		t.Fatal(err)
	}
	id, _ := s.Get(paths.Inspector).Doc.Find("select[name=revision] option").Attr("value")
	form := func(response, at string) url.Values {
		return url.Values{"revision": {id}, "response": {response}, "at": {at}}
	}
	for name, response := range map[string]string{"XML": string(m.XML), "base64": m.SAMLResponse()} {
		res := s.Post(paths.Inspector, form(response, "")).Want(t, http.StatusOK)
		if res.Find(".alert-success h2") == "" {
			t.Errorf("%s is not accepted: %s", name, res.Find("#reason, .check-failed"))
		}
		res.Has(t, "section[aria-labelledby=person]", "alice")
	}

	late := s.Post(paths.Inspector, form(string(m.XML), s.Now.Add(24*time.Hour).UTC().Format(time.RFC3339))).Want(t, http.StatusOK)
	late.Has(t, ".alert-danger h2", "would be refused")
	late.Has(t, ".check-failed", "Expected")
	broken := s.Post(paths.Inspector, form(strings.Replace(string(m.XML), "alice", "mallory", 1), "")).Want(t, http.StatusOK)
	broken.Has(t, ".alert-danger h2", "would be refused")
	if strings.Contains(broken.Find("section[aria-labelledby=person]"), "mallory") {
		t.Error("an altered response names a person")
	}

	s.Get(paths.Connection("aws")).Has(t, "section[aria-labelledby=aws]", "us-east-1")
	s.Get(paths.Overview).Has(t, ".flow", "No sign-in yet") // what was inspected is no evidence
	if logins, _, err := s.Store.Logins(t.Context(), store.LoginQuery{}); err != nil || len(logins) != 0 {
		t.Errorf("inspecting left %d logins, %v", len(logins), err)
	}
}
