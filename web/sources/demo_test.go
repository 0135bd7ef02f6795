package sources_test

import (
	"crypto/rsa"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/directory/aws"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// demo is a site with a simulated AWS beside it, whose directory is really read.
func demo(t *testing.T) (*webtest.Site, *awssim.Simulator) {
	t.Helper()
	s := site(t)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	sim, err := awssim.New(awssim.Options{BaseURL: server.URL, NewKey: func(int) (*rsa.PrivateKey, error) { return webtest.Keys().Aws, nil }})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", sim.Handler())
	s.Opts.Sources = runner.New(s.Store, s.Sealer, runner.Open(s.Store), slog.New(slog.DiscardHandler))
	s.Opts.DemoDirectory = func() (model.AWSSettings, []byte) {
		a := sim.Access()
		return model.AWSSettings{Region: a.Region, IdentityStoreID: a.IdentityStoreID, Endpoint: a.Endpoint},
			runner.AWSSecret(aws.Keys{AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey})
	}
	return s, sim
}

func TestTheSimulatedAWSIsASourceInOneClick(t *testing.T) {
	t.Parallel()
	s, sim := demo(t)
	button := "form[action='" + paths.SourceSimulated + "']"
	s.Get(paths.SourcesNew).Has(t, button, "Connect the simulated AWS")
	page := s.Get(paths.Sources)
	page.Has(t, ".empty-state .btn-primary", "Connect the simulated AWS")
	s.Post(page.Action(button), page.Form(button)).Want(t, http.StatusSeeOther)
	src, err := s.Store.Source(t.Context(), "simulated-aws")
	if err != nil || src.Status != model.SourceDraft || !src.HasSecret || src.AWS.FromSurroundings {
		t.Fatalf("got %+v, %v", src, err)
	}
	page = s.Get(paths.Source(src.Slug))
	page.Has(t, ".btn-primary", "Dry run")
	page.Has(t, "main", "At "+sim.Access().Endpoint)
	for _, at := range []string{paths.Sources, paths.SourcesNew} {
		if s.Get(at).Doc.Find(button).Length() != 0 {
			t.Errorf("%s offers it once more", at)
		}
	}
	s.Post(paths.SourceSimulated, nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Source(src.Slug)).Has(t, "main", "is a source already")

	s.Post(paths.SourceAction(src.Slug, "run"), url.Values{"dry": {"on"}}).Want(t, http.StatusSeeOther)
	s.Opts.Sources.Wait()
	page = s.Get(paths.Source(src.Slug))
	page.Has(t, ".verdict", "5 new")
	s.Post(page.Action("form[action$='/approve']"), nil).Want(t, http.StatusSeeOther)
	s.Opts.Sources.Wait()
	if !s.User("bob").Active {
		t.Fatal("bob is not active")
	}
	if err := sim.UpdateSettings(func(c *awssim.Settings) { c.People[1].Disabled = true }); err != nil {
		t.Fatal(err)
	}
	s.Post(paths.SourceAction(src.Slug, "run"), nil).Want(t, http.StatusSeeOther)
	s.Opts.Sources.Wait()
	if s.User("bob").Active || !s.User("alice").Active {
		t.Error("disabled in the simulated AWS, bob is active here, or alice is not")
	}
}

// TestTheSimulatedAWSBelongsToItsConnection: the connection whose setup asks, else
// “aws”, where they are there.
func TestTheSimulatedAWSBelongsToItsConnection(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		there       []string
		setup, want string
	}{
		"none":             {nil, "", ""},
		"another":          {[]string{"other"}, "", ""},
		"aws":              {[]string{"aws", "other"}, "", "aws"},
		"the setup's":      {[]string{"aws", "other"}, "other", "other"},
		"of a gone setup":  {[]string{"aws"}, "gone", "aws"},
		"of a setup alone": {nil, "gone", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := demo(t)
			for _, slug := range test.there {
				if _, err := s.Store.CreateConnection(t.Context(), webtest.Tester, slug, model.DefaultConfig("AWS")); err != nil {
					t.Fatal(err)
				}
			}
			s.Post(paths.SourceSimulated, url.Values{"setup": {test.setup}}).Want(t, http.StatusSeeOther)
			if src, err := s.Store.Source(t.Context(), "simulated-aws"); err != nil || src.Connection != test.want {
				t.Errorf("it belongs to %q, want %q: %v", src.Connection, test.want, err)
			}
		})
	}
}

func TestOnlyADemoOffersTheSimulatedAWS(t *testing.T) {
	t.Parallel()
	s := site(t)
	for _, at := range []string{paths.Sources, paths.SourcesNew} {
		if page := s.Get(at); page.Doc.Find("form[action='"+paths.SourceSimulated+"']").Length() != 0 {
			t.Errorf("%s offers it", at)
		}
	}
	s.Post(paths.SourceSimulated, nil).Want(t, http.StatusNotFound)
	if _, err := s.Store.Source(t.Context(), "simulated-aws"); err == nil {
		t.Error("it was made")
	}
	s, _ = demo(t)
	s.Opts.DemoDirectory = func() (model.AWSSettings, []byte) { // where plain http does not reach
		return model.AWSSettings{Region: "us-east-1", IdentityStoreID: "d-9067a1b2c3", Endpoint: "http://192.0.2.1:8081"}, nil
	}
	if page := s.Get(paths.Sources); page.Doc.Find("form[action='"+paths.SourceSimulated+"']").Length() != 0 {
		t.Error("it is offered where it may not be read")
	}
}
