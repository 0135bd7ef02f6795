package webtest

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

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

// Drill runs one check over every address of the console.
func Drill(t *testing.T, s *Site, check func(t *testing.T, rt kit.Route)) {
	t.Helper()
	for _, rt := range s.ConsoleRoutes() {
		t.Run(rt.Method+" "+rt.Pattern, func(t *testing.T) {
			check(t, rt)
		})
	}
}
