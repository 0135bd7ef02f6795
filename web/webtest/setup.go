package webtest

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/setup"
)

// NewSetup starts a site with an administrator and a connection “aws” whose
// setup has just begun.
func NewSetup(t *testing.T) *Site {
	t.Helper()
	return NewSetupOn(t, storetest.Open(t))
}

// NewSetupOn is NewSetup on a database.
func NewSetupOn(t *testing.T, st *store.Store) *Site {
	t.Helper()
	s := NewSiteOn(t, st)
	s.SignInAs(model.RoleAdmin)
	if res := s.Post("/setup", url.Values{"name": {"Example Ltd."}, "slug": {"aws"}}); res.Status != http.StatusSeeOther {
		t.Fatalf("starting the setup answered %d: %s", res.Status, res.Text())
	}
	return s
}

// AwsMetadata is what the simulated AWS publishes about an application.
var AwsMetadata = sync.OnceValue(func() string {
	sim, err := awssim.New(awssim.Options{BaseURL: "https://portal.sso.us-east-1.amazonaws.com"})
	if err != nil {
		panic(err)
	}
	app, err := sim.AddApplication(awssim.StandardApplication("Example", "https://sso.example.com/saml/aws/acs", "https://sso.example.com/saml/aws/metadata"))
	if err != nil {
		panic(err)
	}
	return string(sim.Metadata(app.ID))
})

// NewSetupAt starts a setup of which everything before a step is done.
func NewSetupAt(t *testing.T, before wizard.StepID) *Site {
	t.Helper()
	s := NewSetup(t)
	s.EditDraft(func(rev *model.Revision) {
		for _, step := range s.Setup.Flow.Steps() {
			if step.ID == before {
				return
			}
			rev.Ticks[string(step.ID)] = true
			switch step.ID { //nolint:exhaustive // the others are done by a tick
			case wizard.StepProvisioning:
				rev.Config.Provisioning = model.ProvisioningJIT
				if before == wizard.StepDirectory {
					rev.Config.Provisioning, rev.Config.DirectorySynced = model.ProvisioningManual, true
				}
			case wizard.StepMetadata:
				rev.Config.IdPMetadata = AwsMetadata()
			}
		}
	})
	if at := s.Setup.Flow.Resume(s.Setup.SetupFacts(setup.SetupCase{Connection: s.Connection("aws"), Draft: s.Draft()}, 0)); at != before {
		t.Fatalf("the setup is at %q, want %q", at, before)
	}
	return s
}

func (s *Site) Draft() model.Revision {
	s.T.Helper()
	c := s.Connection("aws")
	if c.Draft == nil {
		s.T.Fatal("there is no draft")
	}
	return *c.Draft
}

// EditDraft changes the draft as somebody else would.
func (s *Site) EditDraft(change func(*model.Revision)) {
	s.T.Helper()
	_, err := s.Store.SaveDraft(context.Background(), model.Actor{Name: "other@example.com"}, "aws", s.Draft().Version,
		func(rev *model.Revision) error { change(rev); return nil })
	if err != nil {
		s.T.Fatal(err)
	}
}

// Submit sends a step's form, made from the draft as it is now.
func (s *Site) Submit(step wizard.StepID, form url.Values) *Page {
	s.T.Helper()
	form.Set("version", strconv.Itoa(s.Draft().Version))
	return s.Post("/setup/aws/"+string(step), form)
}

func Expect(t testing.TB, res *Page, status int, location string) {
	t.Helper()
	if res.Status != status || res.Header.Get("Location") != location {
		t.Fatalf("answered %d to %q, want %d to %q: %s", res.Status, res.Header.Get("Location"), status, location, res.Text())
	}
}

// Value is what a field shows.
func (p *Page) Value(name string) string {
	field := p.Doc.Find("[name=" + name + "]").Not("[type=hidden]").First()
	if field.Is("textarea") {
		return field.Text()
	}
	v, _ := field.Attr("value")
	return v
}
