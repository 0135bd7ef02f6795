package web_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// An identity provider reaches the server through the whole site: from no site and
// without a cookie, and nothing that is refused is a page.
func TestSCIMThroughTheSite(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	src := model.NewSource(model.SourceSCIM)
	src.Slug, src.Name, src.Status = "entra", "Entra ID", model.SourceLive
	_, err := s.Store.CreateSource(t.Context(), storetest.Actor, src)
	must(err)
	token, _, err := s.Store.MakeSCIMToken(t.Context(), storetest.Actor, "entra", time.Time{})
	must(err)
	for _, c := range []struct {
		method, path, token, body, wants string
		status                           int
	}{
		{"GET", "/scim/entra/v2/Users", "", "", `"status":"401"`, 401},
		{"GET", "/scim/nobody/v2/Users", token, "", `"status":"401"`, 401},
		{"GET", "/scim/entra/v2//Users/", token, "", `"totalResults":0`, 200},
		{"POST", "/scim/entra/v2/Users", token, `{"userName":"ana","externalId":"1"}`, `"location":"` + s.URL + `/scim/entra/v2/Users/`, 201},
		{"HEAD", "/scim/entra/v2/ServiceProviderConfig", token, "", "", 200},
		{"GET", "/scim/entra/v2/Nothing", token, "", `"status":"404"`, 404},
		{"PUT", "/scim/entra/v2/Users", token, "", `"status":"405"`, 405},
		{"GET", "/scim/entra/v1/Users", token, "", `"status":"404"`, 404},
		{"GET", "/scim/", "", "", `"status":"401"`, 401},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, strings.NewReader(c.body))
		must(err)
		req.Header.Set("Origin", "https://elsewhere.example")
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if c.token != "" {
			req.Header.Set("Authorization", "Bearer "+c.token)
		}
		res, err := http.DefaultClient.Do(req)
		must(err)
		body, err := io.ReadAll(res.Body)
		must(err)
		_ = res.Body.Close()
		if res.StatusCode != c.status || !strings.Contains(string(body), c.wants) || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/scim+json") {
			t.Errorf("%s %s: %d %s %.200s", c.method, c.path, res.StatusCode, res.Header.Get("Content-Type"), body)
		}
	}
	if u, err := s.Store.User(t.Context(), "ana"); err != nil || u.Home != "entra" {
		t.Errorf("she is %+v, %v", u, err)
	}
}
