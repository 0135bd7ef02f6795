package webtest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/postern-sso/postern/templates/paths"
)

// FollowedLogin goes to AWS by a link and comes back as somebody.
func (s *SamlSite) FollowedLogin(token, username string) *Page {
	s.T.Helper()
	start := s.Get(paths.TraceStart(token)).Want(s.T, http.StatusSeeOther)
	to, err := url.Parse(start.Header.Get("Location"))
	if err != nil {
		s.T.Fatal(err)
	}
	m, err := s.Sim.SignIn(s.App, username, inflate(s.T, to.Query().Get("SAMLRequest")), to.Query().Get("RelayState"))
	if err != nil {
		s.T.Fatal(err)
	}
	return s.Post("/saml/aws/acs", url.Values{"SAMLResponse": {m.SAMLResponse()}, "RelayState": {m.RelayState}})
}

func (s *SamlSite) MakeLink(person string) (at, token string) {
	s.T.Helper()
	at = s.Post(paths.TraceLinkNew, url.Values{"person": {person}, "connection": {"aws"}}).Want(s.T, http.StatusSeeOther).Header.Get("Location")
	link := s.Get(at).Want(s.T, http.StatusOK).Find(".copybox-value")
	token, ok := strings.CutPrefix(link, s.URL+"/trace/")
	if !ok {
		s.T.Fatalf("the link is %q", link)
	}
	return at, token
}
