package webtest

import (
	"net/http"
	"net/url"
)

// Welcome is the form of the wizard's first step with a name typed into it.
func (s *Site) Welcome(name string) url.Values {
	s.T.Helper()
	version, ok := s.Get("/setup/aws/welcome").Doc.Find("form[data-autosave] input[name=version]").Attr("value")
	if !ok {
		s.T.Fatal("the step has no form")
	}
	return url.Values{"version": {version}, "name": {name}}
}

func (s *Site) NameShown() string {
	s.T.Helper()
	return s.Get("/setup/aws/welcome").Doc.Find("#name, input[name=name]").First().AttrOr("value", "none")
}

// Typing is what the page's script sends while somebody types.
func (s *Site) Typing(form url.Values) *Page {
	return s.Do(http.MethodPost, "/setup/aws/welcome/typed", FormBody(form), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Hx-Request": {"true"},
	})
}
