package webtest

import (
	"net/http"
)

// ask asks for a part of a page, as htmx does.
func (s *Site) Part(path string) *Page {
	return s.Do(http.MethodGet, path, nil, http.Header{"Hx-Request": {"true"}})
}
