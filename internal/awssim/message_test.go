package awssim

import (
	"encoding/xml"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/crewjam/saml"
)

func TestBothSignaturesVerify(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	for name, prepare := range map[string]func(*Application){
		"as most set it up":   func(*Application) {},
		"only Subject mapped": func(a *Application) { a.Attributes = nil },
		"characters to escape": func(a *Application) {
			a.Audience, a.Attributes[0].Source = "https://a.example/?a=1&b=\"<>'\t\r\n", "<&>\"'\r\n\t é"
		},
		"inclusive namespaces":    func(a *Application) { a.Faults = map[Fault]Mode{VariationInclusiveNamespaces: On} },
		"inclusive, no attribute": func(a *Application) { a.Faults, a.Attributes = map[Fault]Mode{VariationInclusiveNamespaces: On}, nil },
		"without xmlns:enc":       func(a *Application) { a.Faults = map[Fault]Mode{VariationNoEncNamespace: On} },
		"almost 50,000":           func(a *Application) { a.Faults = map[Fault]Mode{VariationManyGroups: On} },
	} {
		if err := s.UpdateApplication(app.ID, func(a *Application) {
			id, certs := a.ID, a.Certificates
			*a = StandardApplication("Postern", testACS, testAudience)
			a.ID, a.Certificates = id, certs
			prepare(a)
			if a.SessionDuration == 0 {
				a.SessionDuration = app.SessionDuration
			}
		}); err != nil {
			t.Fatal(err)
		}
		m := signIn(t, s, app, "")
		response, assertion := verify(t, s, app, m.XML)
		if response != nil || assertion != nil {
			t.Errorf("%s: response %v, assertion %v\n%s", name, response, assertion, m.XML)
		}
	}
}

// TestCrewjamAccepts asks a relying party's library for its opinion of
// metadata and messages.
func TestCrewjamAccepts(t *testing.T) {
	t.Parallel()
	s := newSimWith(t, Options{Now: time.Now}) // the library looks at the real clock
	app, err := s.AddApplication(StandardApplication("Postern", testACS, testAudience))
	if err != nil {
		t.Fatal(err)
	}
	var metadata saml.EntityDescriptor
	if err := xml.Unmarshal(s.Metadata(app.ID), &metadata); err != nil {
		t.Fatal(err)
	}
	acs, err := url.Parse(testACS)
	if err != nil {
		t.Fatal(err)
	}
	sp := saml.ServiceProvider{EntityID: testAudience, AcsURL: *acs, IDPMetadata: &metadata}
	if got := sp.GetSSOBindingLocation(saml.HTTPRedirectBinding); got != s.SignInURL(app.ID) {
		t.Errorf("sign-in URL in the metadata %q", got)
	}
	assertion, err := sp.ParseXMLResponse(signIn(t, s, app, testRequest).XML, []string{"_request1"}, *acs)
	if err != nil {
		var invalid *saml.InvalidResponseError
		if errors.As(err, &invalid) {
			err = invalid.PrivateErr
		}
		t.Fatal(err)
	}
	if assertion.Subject.NameID.Value != "alice" || len(assertion.AttributeStatements[0].Attributes) != 5 {
		t.Errorf("assertion %+v", assertion)
	}
}
