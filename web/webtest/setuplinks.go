package webtest

import (
	"net/http"
	"net/url"
	"strings"
)

// SetupLink makes a link as an administrator does, and returns its path.
func (s *Site) SetupLink(days string) string {
	s.T.Helper()
	made := s.Post("/connections/aws/setup-links?from=setup", url.Values{"days": {days}})
	path, found := strings.CutPrefix(made.Doc.Find(".copybox-value").First().Text(), s.URL)
	if made.Status != http.StatusOK || !found || !strings.HasPrefix(path, "/setup-link/") {
		s.T.Fatalf("making a link answered %d with %q: %s", made.Status, path, made.Text())
	}
	return path
}

// Holder is a site in the eyes of somebody who holds a setup link: another
// browser on the same Postern.
func (s *Site) Holder() *Site {
	other := *s
	other.Client = s.Browser()
	return &other
}

// Opened makes a link and opens it in a browser of its own.
func (s *Site) Opened() (*Site, string) {
	s.T.Helper()
	path := s.SetupLink("7")
	h := s.Holder()
	Expect(s.T, h.Post(path, nil), http.StatusSeeOther, path)
	return h, path
}

// HandOver sends the metadata form of the page behind a link.
func (s *Site) HandOver(path, version string, fields map[string]string, file string) *Page {
	s.T.Helper()
	return s.SendMetadata(path+"/metadata", version, fields, file)
}

func (p *Page) Version() string { return p.Doc.Find("input[name=version]").First().AttrOr("value", "") }
