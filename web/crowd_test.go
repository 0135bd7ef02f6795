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
