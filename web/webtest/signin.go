package webtest

import (
	"net/url"
)

// Session is the value of the console's session cookie in the site's browser.
func (s *Site) Session() string {
	s.T.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		s.T.Fatal(err)
	}
	for _, c := range s.Client.Jar.Cookies(u) {
		if c.Name == "postern" {
			return c.Value
		}
	}
	return ""
}
