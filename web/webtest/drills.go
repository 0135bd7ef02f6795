package webtest

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/postern-sso/postern/web/kit"
)

var pathVariable = regexp.MustCompile(`\{[a-z]+\}`)

// Concrete fills a route's variables with names that nothing has.
func Concrete(pattern string) string {
	return pathVariable.ReplaceAllString(pattern, "no-such-thing")
}

func (s *Site) Ask(rt kit.Route, header http.Header) *Page {
	if rt.Method == http.MethodPost {
		if header == nil {
			header = http.Header{}
		}
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		return s.Do(http.MethodPost, Concrete(rt.Pattern), strings.NewReader(url.Values{}.Encode()), header)
	}
	return s.Do(http.MethodGet, Concrete(rt.Pattern), nil, header)
}
