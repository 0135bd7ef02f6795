package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func TestCrowdApplicationMustProveItself(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.Must(s.Store.CreateApp(context.Background(), webtest.Tester, model.App{Slug: "other", Kind: model.AppOIDC, Name: "Other"}))
	s.Must(s.Store.AddAppSecret(context.Background(), webtest.Tester, "other", webtest.TestHash, "a pas"))
	for _, c := range [][2]string{{"jira", "wrong"}, {"nobody", webtest.TestPassword}, {"other", webtest.TestPassword}, {"", ""}, {"jira", ""}} {
		s.App, s.Password = c[0], c[1]
		res := s.Ask("GET", "/config/cookie", "xml", "")
		if res.Status != 401 || res.Header.Get("WWW-Authenticate") != `BASIC realm="Crowd Application Authentication"` {
			t.Errorf("%q answered %d %v", c, res.Status, res.Header)
		}
	}
	unknown, err := s.Store.UnknownApplications(context.Background())
	s.Must(err)
	if len(unknown) != 2 || unknown[0].Name != "nobody" || unknown[0].RemoteAddr != "127.0.0.1" || unknown[1].Name != "other" {
		t.Errorf("names that no app has: %+v", unknown)
	}
	s.App, s.Password = "JIRA", webtest.TestPassword
	if res := s.Ask("GET", "/config/cookie", "json", ""); res.Body != `{"domain":"","name":"crowd.token_key","secure":false}` {
		t.Errorf("cookie: %d %s", res.Status, res.Body)
	}
	secrets, err := s.Store.AppSecrets(context.Background(), "jira")
	s.Must(err)
	if secrets[0].LastUsedAt.IsZero() {
		t.Error("the use of the secret was not noted")
	}
	if a, err := s.Store.CrowdActivity(context.Background(), "jira"); err != nil || a.Refused != 2 || a.Recent[1].Status != 401 {
		t.Errorf("what was refused is not shown: %+v %v", a, err)
	}
	s.Must(s.Store.DeleteAppSecret(context.Background(), webtest.Tester, "jira", secrets[0].ID))
	if res := s.Ask("GET", "/config/cookie", "json", ""); res.Status != 401 {
		t.Errorf("with a secret taken back: %d", res.Status)
	}
}

func TestCrowdFailuresAreLimited(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.Password = "wrong"
	last := 0
	for range 11 {
		last = s.Ask("GET", "/config/cookie", "xml", "").Status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the eleventh wrong password was answered with %d", last)
	}
	s.Password = webtest.TestPassword
	if got := s.Ask("GET", "/config/cookie", "xml", "").Status; got != http.StatusTooManyRequests {
		t.Errorf("a password that is not known yet was tried all the same: %d", got)
	}
	s.Now = s.Now.Add(time.Minute)
	if got := s.Ask("GET", "/config/cookie", "xml", "").Status; got != 200 {
		t.Errorf("a minute later: %d", got)
	}
}

func TestCrowdAllowedAddresses(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]int{
		"127.0.0.1": 200, "10.0.0.1 127.0.0.0/8": 200, "10.0.0.0/8": 403, "::1": 403, "rubbish": 403, "": 200,
	} {
		s := webtest.NewCrowdSite(t, storetest.Open(t), func(a *model.App) { a.AllowedIPs = strings.Fields(list) })
		res := s.Ask("GET", "/config/cookie", "xml", "")
		if res.Status != want || (want == 403 && !strings.Contains(res.Body, "<reason>APPLICATION_ACCESS_DENIED</reason>")) {
			t.Errorf("%q answered %d %s, want %d", list, res.Status, res.Body, want)
		}
	}
}

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

func TestCrowdSessions(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.People()
	create := `<authentication-context><username>ANA</username><validation-factors><validation-factor><name>remote_address</name>` +
		`<value>10.0.0.9</value></validation-factor></validation-factors></authentication-context>`
	begin := func() string {
		res := s.Ask("POST", "/session?validate-password=false", "xml", create)
		_, token, _ := strings.Cut(res.Body, "<token>")
		token, _, _ = strings.Cut(token, "</token>")
		if res.Status != 201 || token == "" || !strings.HasSuffix(res.Header.Get("Location"), "/session/"+token) {
			t.Fatalf("answered %d %s %v", res.Status, res.Body, res.Header)
		}
		return token
	}
	token := begin()
	factors := func(address string) string {
		return `{"validationFactors":[{"name":"remote_address","value":"` + address + `"}]}`
	}
	status := func(method, path, body string, want int) {
		t.Helper()
		if res := s.Ask(method, path, "json", body); res.Status != want {
			t.Errorf("%s %s answered %d %s, want %d", method, path, res.Status, res.Body, want)
		}
	}
	if res := s.Ask("GET", "/session/"+token+"?expand=user", "json", ""); !strings.Contains(res.Body, `"email":"ana@example.com"`) {
		t.Errorf("session: %s", res.Body)
	}
	status("POST", "/session/"+token, factors("10.0.0.9"), 200)
	status("POST", "/session/"+token, factors("10.0.0.10"), 400)
	s.Now = s.Now.Add(29 * time.Minute)
	status("POST", "/session/"+token, factors("10.0.0.9"), 200)
	s.Now = s.Now.Add(29 * time.Minute)
	status("GET", "/session/"+token, "", 200)
	s.Now = s.Now.Add(2 * time.Minute)
	status("GET", "/session/"+token, "", 404)

	token = begin()
	status("DELETE", "/session/"+token, "", 204)
	status("GET", "/session/"+token, "", 404)
	token, other := begin(), begin()
	status("DELETE", "/session?username=ana&exclude="+other, "", 204)
	status("GET", "/session/"+token, "", 404)
	status("GET", "/session/"+other, "", 200)
	_, err := s.Store.UpdateUser(context.Background(), webtest.Tester, "ana", func(u *model.User) error { u.Active = false; return nil })
	s.Must(err)
	status("GET", "/session/"+other, "", 404)
}

// slowReader is an app that takes its answer when it is let.
type slowReader struct {
	*httptest.ResponseRecorder
	reads chan<- *slowReader // itself, once the answer has begun
	goOn  chan struct{}
	once  sync.Once
}

func (r *slowReader) Write(data []byte) (int, error) {
	r.once.Do(func() { r.reads <- r; <-r.goOn })
	return r.ResponseRecorder.Write(data)
}

// Whoever reads all memberships slowly leaves connections for everybody else.
func TestCrowdSlowReadersAreFew(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
	s.People()
	const readers, atOnce = 9, 3
	reads, site := make(chan *slowReader, readers), s.Handler()
	var done sync.WaitGroup
	for range readers {
		done.Go(func() {
			r := &slowReader{ResponseRecorder: httptest.NewRecorder(), reads: reads, goOn: make(chan struct{})}
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+webtest.CrowdBase+"/group/membership", nil)
			req.SetBasicAuth(s.App, s.Password)
			site.ServeHTTP(r, req)
			if r.Code != http.StatusOK || !strings.Contains(r.Body.String(), "</memberships>") {
				t.Errorf("answered %d %s", r.Code, r.Body)
			}
		})
	}
	var reading []*slowReader
	for n := range readers {
		reading = append(reading, <-reads)
		if n < atOnce-1 {
			continue
		}
		if len(reads) > 0 {
			t.Errorf("more than %d read at once", atOnce)
		}
		s.Ask("GET", "/config/cookie", "xml", "") // gives the others time, if nothing holds them back
		close(reading[0].goOn)
		reading = reading[1:]
	}
	for _, r := range reading {
		close(r.goOn)
	}
	done.Wait()
}
