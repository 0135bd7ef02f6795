package webtest

import (
	"net/url"
	"strconv"

	"github.com/postern-sso/postern/internal/awssim"
)

// InspectForm is a message as the inspector gets it, judged by the live revision.
func (s *SamlSite) InspectForm(m *awssim.Message) url.Values {
	return url.Values{"revision": {strconv.FormatInt(s.Connection("aws").Live.ID, 10)}, "response": {string(m.XML)}}
}

func (s *SamlSite) Tile(username string) *awssim.Message {
	s.T.Helper()
	m, err := s.Sim.SignIn(s.App, username, "", "")
	if err != nil {
		s.T.Fatal(err)
	}
	return m
}
