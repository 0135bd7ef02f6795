package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// welcome is the form of the wizard's first step with a name typed into it.
func (s *testSite) welcome(name string) url.Values {
	s.t.Helper()
	version, ok := s.get("/setup/aws/welcome").doc.Find("form[data-autosave] input[name=version]").Attr("value")
	if !ok {
		s.t.Fatal("the step has no form")
	}
	return url.Values{"version": {version}, "name": {name}}
}

func (s *testSite) nameShown() string {
	s.t.Helper()
	return s.get("/setup/aws/welcome").doc.Find("#name, input[name=name]").First().AttrOr("value", "none")
}

// typing is what the page's script sends while somebody types.
func (s *testSite) typing(form url.Values) *page {
	return s.do(http.MethodPost, "/setup/aws/welcome/typed", formBody(form), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Hx-Request": {"true"},
	})
}

func TestAutosavedAnswersSurvive(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*testing.T, *testSite){
		"the browser is closed for a week": func(_ *testing.T, s *testSite) {
			s.now = s.now.Add(7 * 24 * time.Hour)
			s.client = s.browser()
			s.post("/signin", url.Values{"email": {"admin@example.com"}, "password": {testPassword}})
		},
		"the server is restarted": func(t *testing.T, s *testSite) {
			old := s.Server
			again, err := New(old.opts)
			if err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(again.Handler())
			t.Cleanup(srv.Close)
			s.Server, s.url = again, srv.URL
			s.client = s.browser()
			s.post("/signin", url.Values{"email": {"admin@example.com"}, "password": {testPassword}})
		},
		"another step is saved": func(t *testing.T, s *testSite) {
			form := s.welcome("")
			form.Del("name")
			form.Set("provisioning", "manual")
			if res := s.post("/setup/aws/provisioning", form); res.status != http.StatusSeeOther {
				t.Fatalf("saving another step answered %d", res.status)
			}
		},
	}
	for name, happens := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			s.post("/setup/aws/welcome", s.welcome("Example"))
			if res := s.typing(s.welcome("Half a na")); res.status != http.StatusNoContent {
				t.Fatalf("keeping answered %d", res.status)
			}
			happens(t, s)
			if got := s.nameShown(); got != "Half a na" {
				t.Fatalf("the form shows %q", got)
			}
			if res := s.post("/setup/aws/welcome", s.welcome("Whole name")); res.status != http.StatusSeeOther {
				t.Fatalf("saving answered %d: %s", res.status, res.text())
			}
			if got := s.nameShown(); got != "Whole name" {
				t.Errorf("after saving, the form shows %q", got)
			}
			if page := s.get("/setup/aws/welcome"); page.doc.Find(".autosaved").Length() != 0 {
				t.Error("what was saved is called unsaved")
			}
		})
	}
}

func TestBackAutosaves(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	if res := s.post("/setup/aws/welcome", s.welcome("Example")); res.status != http.StatusSeeOther {
		t.Fatal(res.status)
	}
	step := s.get("/setup/aws/provisioning")
	back := step.doc.Find("button:contains(Back)")
	version := step.doc.Find("input[name=version]").AttrOr("value", "")
	res := s.post(back.AttrOr("formaction", "no back button"), url.Values{"version": {version}, "provisioning": {"directory"}})
	if res.status != http.StatusSeeOther || res.header.Get("Location") != "/setup/aws/welcome" {
		t.Fatalf("back answered %d, to %q", res.status, res.header.Get("Location"))
	}
	chosen := s.get("/setup/aws/provisioning").doc.Find("input[name=provisioning][checked]").AttrOr("value", "")
	if chosen != "directory" {
		t.Errorf("chosen after coming forward again: %q", chosen)
	}
}

func TestAutosavedAnswersCanBeDiscarded(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	stored := s.nameShown()
	s.typing(s.welcome("Half a na"))
	s.post("/setup/aws/welcome/typed", url.Values{"discard": {"yes"}})
	if got := s.nameShown(); got != stored {
		t.Errorf("the form shows %q, want %q", got, stored)
	}
}

// Two people: what one typed is not shown to the other, and when the other has
// saved that step meanwhile, the first is asked, whatever was kept.
func TestAutosavedAnswersOfTwoPeople(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.typing(s.welcome("Mine"))
	first := s.client
	s.client = s.browser()
	s.signInAs(model.RoleOwner)
	if got := s.nameShown(); got == "Mine" {
		t.Error("another administrator sees what was typed")
	}
	if res := s.post("/setup/aws/welcome", s.welcome("Theirs")); res.status != http.StatusSeeOther {
		t.Fatal(res.status)
	}
	s.client = first
	if got := s.nameShown(); got != "Mine" {
		t.Fatalf("the form shows %q", got)
	}
	res := s.post("/setup/aws/welcome", s.welcome("Mine"))
	if res.status != http.StatusConflict {
		t.Fatalf("saving answered %d", res.status)
	}
	c, err := s.store.Connection(context.Background(), "aws")
	if err != nil || c.Draft.Config.Name != "Theirs" {
		t.Errorf("stored: %q, %v", c.Draft.Config.Name, err)
	}
}

func TestAutosavedAnswersAreSwept(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := newSetup(t)
	s.typing(s.welcome("Half a na"))
	r, err := s.store.Sweep(ctx, s.now.Add(89*24*time.Hour), store.Retention{XML: store.DefaultTraceRetention})
	if err != nil || r.Autosaves != 0 {
		t.Fatalf("after 89 days: %+v, %v", r, err)
	}
	if r, err = s.store.Sweep(ctx, s.now.Add(91*24*time.Hour), store.Retention{XML: store.DefaultTraceRetention}); err != nil || r.Autosaves != 1 {
		t.Fatalf("after 91 days: %+v, %v", r, err)
	}
}
