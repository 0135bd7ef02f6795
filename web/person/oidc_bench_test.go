package person_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// BenchmarkCodeToToken is what an app does per sign-in: the exchange of a code
// for an access token and an ID token. Codes are made before the clock runs.
func BenchmarkCodeToToken(b *testing.B) {
	for _, atOnce := range []int{1, 8} {
		b.Run(fmt.Sprintf("at once %d", atOnce), func(b *testing.B) { benchmarkCodeToToken(b, atOnce) })
	}
}

func benchmarkCodeToToken(b *testing.B, atOnce int) {
	s := webtest.NewAppSite(b, storetest.OpenPool(b))
	s.SignIn(b, "user0")
	site, err := url.Parse(s.URL)
	if err != nil {
		b.Fatal(err)
	}
	cookies := s.Client.Jar.Cookies(site)
	codes := make(chan string, b.N)
	for range b.N { // as many as the clock will count, before it runs
		codes <- s.Code(b, cookies)
	}
	close(codes)
	b.ResetTimer()
	start := time.Now()
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for code := range codes {
				form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {webtest.AppCallback}}
				r := webtest.Post("/oidc/token", webtest.FormType, form.Encode())
				r.SetBasicAuth("jira", s.Oauth.ClientSecret)
				if w := s.Send(r); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "id_token") {
					b.Errorf("answered %d: %s", w.Code, w.Body)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "exchanges/s")
}
