package setup_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/web"
	"github.com/postern-sso/postern/web/webtest"
)

func TestAutosavedAnswersSurvive(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*testing.T, *webtest.Site){
		"the browser is closed for a week": func(_ *testing.T, s *webtest.Site) {
			s.Now = s.Now.Add(7 * 24 * time.Hour)
			s.Client = s.Browser()
			s.Post("/signin", url.Values{"email": {"admin@example.com"}, "password": {webtest.TestPassword}})
		},
		"the server is restarted": func(t *testing.T, s *webtest.Site) {
			old := s.Server
			again, err := web.New(old.Opts)
			if err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(again.Handler())
			t.Cleanup(srv.Close)
			s.Server, s.URL = again, srv.URL
			s.Client = s.Browser()
			s.Post("/signin", url.Values{"email": {"admin@example.com"}, "password": {webtest.TestPassword}})
		},
		"another step is saved": func(t *testing.T, s *webtest.Site) {
			form := s.Welcome("")
			form.Del("name")
			form.Set("provisioning", "manual")
			if res := s.Post("/setup/aws/provisioning", form); res.Status != http.StatusSeeOther {
				t.Fatalf("saving another step answered %d", res.Status)
			}
		},
	}
	for name, happens := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSetup(t)
			s.Post("/setup/aws/welcome", s.Welcome("Example"))
			if res := s.Typing(s.Welcome("Half a na")); res.Status != http.StatusNoContent {
				t.Fatalf("keeping answered %d", res.Status)
			}
			happens(t, s)
			if got := s.NameShown(); got != "Half a na" {
				t.Fatalf("the form shows %q", got)
			}
			if res := s.Post("/setup/aws/welcome", s.Welcome("Whole name")); res.Status != http.StatusSeeOther {
				t.Fatalf("saving answered %d: %s", res.Status, res.Text())
			}
			if got := s.NameShown(); got != "Whole name" {
				t.Errorf("after saving, the form shows %q", got)
			}
			if page := s.Get("/setup/aws/welcome"); page.Doc.Find(".autosaved").Length() != 0 {
				t.Error("what was saved is called unsaved")
			}
		})
	}
}

func TestBackAutosaves(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetup(t)
	if res := s.Post("/setup/aws/welcome", s.Welcome("Example")); res.Status != http.StatusSeeOther {
		t.Fatal(res.Status)
	}
	step := s.Get("/setup/aws/provisioning")
	back := step.Doc.Find("button:contains(Back)")
	version := step.Doc.Find("input[name=version]").AttrOr("value", "")
	res := s.Post(back.AttrOr("formaction", "no back button"), url.Values{"version": {version}, "provisioning": {"directory"}})
	if res.Status != http.StatusSeeOther || res.Header.Get("Location") != "/setup/aws/welcome" {
		t.Fatalf("back answered %d, to %q", res.Status, res.Header.Get("Location"))
	}
	chosen := s.Get("/setup/aws/provisioning").Doc.Find("input[name=provisioning][checked]").AttrOr("value", "")
	if chosen != "directory" {
		t.Errorf("chosen after coming forward again: %q", chosen)
	}
}

func TestAutosavedAnswersCanBeDiscarded(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetup(t)
	stored := s.NameShown()
	s.Typing(s.Welcome("Half a na"))
	s.Post("/setup/aws/welcome/typed", url.Values{"discard": {"yes"}})
	if got := s.NameShown(); got != stored {
		t.Errorf("the form shows %q, want %q", got, stored)
	}
}

// Two people: what one typed is not shown to the other, and when the other has
// saved that step meanwhile, the first is asked, whatever was kept.
func TestAutosavedAnswersOfTwoPeople(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetup(t)
	s.Typing(s.Welcome("Mine"))
	first := s.Client
	s.Client = s.Browser()
	s.SignInAs(model.RoleOwner)
	if got := s.NameShown(); got == "Mine" {
		t.Error("another administrator sees what was typed")
	}
	if res := s.Post("/setup/aws/welcome", s.Welcome("Theirs")); res.Status != http.StatusSeeOther {
		t.Fatal(res.Status)
	}
	s.Client = first
	if got := s.NameShown(); got != "Mine" {
		t.Fatalf("the form shows %q", got)
	}
	res := s.Post("/setup/aws/welcome", s.Welcome("Mine"))
	if res.Status != http.StatusConflict {
		t.Fatalf("saving answered %d", res.Status)
	}
	c, err := s.Store.Connection(context.Background(), "aws")
	if err != nil || c.Draft.Config.Name != "Theirs" {
		t.Errorf("stored: %q, %v", c.Draft.Config.Name, err)
	}
}

func TestAutosavedAnswersAreSwept(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewSetup(t)
	s.Typing(s.Welcome("Half a na"))
	r, err := s.Store.Sweep(ctx, s.Now.Add(89*24*time.Hour), store.Retention{XML: store.DefaultTraceRetention})
	if err != nil || r.Autosaves != 0 {
		t.Fatalf("after 89 days: %+v, %v", r, err)
	}
	if r, err = s.Store.Sweep(ctx, s.Now.Add(91*24*time.Hour), store.Retention{XML: store.DefaultTraceRetention}); err != nil || r.Autosaves != 1 {
		t.Fatalf("after 91 days: %+v, %v", r, err)
	}
}
