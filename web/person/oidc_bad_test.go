package person_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// What leads nowhere is a page here, and the rest goes back to the app. What is
// refused, and with which error, is tested in internal/oidc.
func TestAppRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	good := url.Values{"client_id": {"jira"}, "redirect_uri": {webtest.AppCallback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}}
	for name, c := range map[string]struct {
		change func(url.Values)
		back   string // the error at the app; empty: a page here
	}{
		"unknown client":         {func(v url.Values) { v.Set("client_id", "nobody") }, ""},
		"no client":              {func(v url.Values) { v.Del("client_id") }, ""},
		"another address":        {func(v url.Values) { v.Set("redirect_uri", "https://evil.example/") }, ""},
		"a longer address":       {func(v url.Values) { v.Set("redirect_uri", webtest.AppCallback+"/x") }, ""},
		"another case":           {func(v url.Values) { v.Set("redirect_uri", strings.ToUpper(webtest.AppCallback)) }, ""},
		"no address":             {func(v url.Values) { v.Del("redirect_uri") }, ""},
		"no openid":              {func(v url.Values) { v.Set("scope", "profile") }, "invalid_scope"},
		"unreadable, elsewhere":  {func(v url.Values) { v.Set("max_age", "-1"); v.Set("redirect_uri", "https://evil.example/") }, ""},
		"unreadable, a stranger": {func(v url.Values) { v.Set("max_age", "-1"); v.Set("client_id", "nobody") }, ""},
	} {
		form := url.Values{}
		for k, v := range good {
			form[k] = append([]string(nil), v...)
		}
		c.change(form)
		res := s.Get("/oidc/authorize?" + form.Encode())
		if c.back == "" {
			if res.Status != http.StatusBadRequest || res.Header.Get("Location") != "" || res.Doc.Find("h1").Length() != 1 {
				t.Errorf("%s: %d to %q", name, res.Status, res.Header.Get("Location"))
			}
			continue
		}
		to, err := url.Parse(res.Header.Get("Location"))
		if err != nil || !strings.HasPrefix(to.String(), webtest.AppCallback+"?") || to.Query().Get("error") != c.back || to.Query().Has("code") ||
			to.Query().Get("state") == "" || to.Query().Get("iss") != s.URL {
			t.Errorf("%s: %d to %q, want %s", name, res.Status, to, c.back)
		}
	}
}
