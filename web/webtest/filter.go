package webtest

import (
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// At is a login that started at a time.
func At(t time.Time) func(*model.Login) { return func(l *model.Login) { l.StartedAt = t } }

// ask asks for a part of a page, as htmx does.
func (s *Site) Part(path string) *Page {
	return s.Do(http.MethodGet, path, nil, http.Header{"Hx-Request": {"true"}})
}
