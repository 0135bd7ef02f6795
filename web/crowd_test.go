package web_test

import (
	"context"
	"net/http"
	"net/netip"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// The address that counts is the one that a trusted proxy names, and nobody else.
func TestCrowdAddressBehindProxy(t *testing.T) {
	t.Parallel()
	for proxy, want := range map[string]int{"127.0.0.1/32": 200, "10.0.0.1/32": 403} {
		s := webtest.NewCrowdSite(t, storetest.Open(t), func(a *model.App) { a.AllowedIPs = []string{"192.0.2.7"} })
		s.Opts.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(proxy)}
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, s.URL+webtest.CrowdBase+"/config/cookie", nil)
		s.Must(err)
		req.SetBasicAuth(s.App, s.Password)
		req.Header.Set("X-Forwarded-For", "192.0.2.7")
		res, err := http.DefaultClient.Do(req)
		s.Must(err)
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("behind %s answered %d, want %d", proxy, res.StatusCode, want)
		}
	}
}

// An app that was told the address with a slash at the end, and one that asks for
// the head of an answer, get what others get, and none is noted as a change.
func TestCrowdAddressWithASlashAndHead(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.People()
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/crowd//rest/usermanagement/1/user?username=ana", 200},
		{http.MethodGet, "/crowd///rest/usermanagement/latest/group?groupname=Jira%20Users", 200},
		{http.MethodGet, "/crowd//rest/usermanagement/1/user?username=nobody", 404},
		{http.MethodHead, "/crowd/rest/usermanagement/1/user?username=ana", 200},
		{http.MethodHead, "/crowd//rest/usermanagement/1/config/cookie", 200},
		{http.MethodHead, "/crowd/rest/usermanagement/1/user?username=nobody", 404},
		{http.MethodHead, "/crowd/rest/usermanagement/1/nothing", 404},
		{http.MethodPut, "/crowd//rest/usermanagement/1/user?username=ana", 403},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, nil)
		s.Must(err)
		req.SetBasicAuth(s.App, s.Password)
		res, err := http.DefaultClient.Do(req)
		s.Must(err)
		_ = res.Body.Close()
		if res.StatusCode != c.want {
			t.Errorf("%s %s answered %d, want %d", c.method, c.path, res.StatusCode, c.want)
		}
	}
	a, err := s.Store.CrowdActivity(t.Context(), s.App)
	s.Must(err)
	changes := 0
	for _, r := range a.Recent {
		if r.Kind == model.CrowdChange {
			changes++
		}
	}
	if changes != 1 {
		t.Errorf("%d requests are noted as changes, want the one: %+v", changes, a.Recent)
	}
}
