package webtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
)

// SamlSite is a site with one live connection and a simulated AWS behind it.
type SamlSite struct {
	*Site
	Sim *awssim.Simulator
	App string
}

func NewSAMLSite(t testing.TB, st *store.Store, change func(*model.Config), options ...func(*kit.Options)) *SamlSite {
	t.Helper()
	s := NewSiteOn(t, st, options...)
	sim, app := SimulatedAWS(t, s, 3)
	storetest.LiveConnection(t, st, "aws", func(c *model.Config) {
		c.IdPMetadata = string(sim.Metadata(app))
		c.Attributes = model.WizardAttributes()
		if change != nil {
			change(c)
		}
	})
	return &SamlSite{s, sim, app}
}

// Send answers a request without a network, as the site sees it.
func (s *SamlSite) Send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

// Trace is the login that an answer names.
func (s *SamlSite) Trace(w *httptest.ResponseRecorder) model.Login {
	s.T.Helper()
	l, err := s.Store.Login(context.Background(), w.Header().Get("Postern-Login"))
	if err != nil {
		s.T.Fatalf("the answer names the trace %q: %v", w.Header().Get("Postern-Login"), err)
	}
	return l
}

// WantRefused holds for every refusal: the status, exactly the code, nobody
// signed in, the reference on the page and nothing of what was received.
func (s *SamlSite) WantRefused(w *httptest.ResponseRecorder, status int, code model.Code) {
	s.T.Helper()
	l := s.Trace(w)
	if w.Code != status || l.Outcome != model.OutcomeRefused || l.Refusal == nil || l.Refusal.Code != code {
		s.T.Errorf("answered %d, trace says %s %+v; want %d %s", w.Code, l.Outcome, l.Refusal, status, code)
	}
	if body := w.Body.String(); !strings.Contains(body, l.ID) || strings.Contains(body, string(code)) || strings.Contains(body, "saml2p") {
		s.T.Errorf("the page lacks the reference or says too much:\n%s", body)
	}
	for _, c := range w.Result().Cookies() {
		if strings.Contains(c.Name, "person") && c.Value != "" {
			s.T.Errorf("a session was started: %s", c.Name)
		}
	}
	if n, err := s.Store.CountUsers(context.Background()); err != nil || n != 0 {
		s.T.Errorf("%d users were made: %v", n, err)
	}
}

func Post(path, contentType, body string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

const FormType = "application/x-www-form-urlencoded"

// IsSignedIn tells whether /me knows the person with these cookies.
func (s *SamlSite) IsSignedIn(cookies []*http.Cookie) bool {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/me", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return !strings.Contains(s.Send(r).Body.String(), "You are not signed in")
}
