package crowd_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestApplicationMustProveItself(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.must(s.store.CreateApp(context.Background(), tester, model.App{Slug: "other", Kind: model.AppOIDC, Name: "Other"}))
	s.must(s.store.AddAppSecret(context.Background(), tester, "other", testHash, "a pas"))
	for _, c := range [][2]string{{"jira", "wrong"}, {"nobody", testPassword}, {"other", testPassword}, {"", ""}, {"jira", ""}} {
		s.app, s.password = c[0], c[1]
		res := s.ask("GET", "/config/cookie", "xml", "")
		if res.status != 401 || res.header.Get("WWW-Authenticate") != `BASIC realm="Crowd Application Authentication"` {
			t.Errorf("%q answered %d %v", c, res.status, res.header)
		}
	}
	unknown, err := s.store.UnknownApplications(context.Background())
	s.must(err)
	if len(unknown) != 2 || unknown[0].Name != "nobody" || unknown[0].RemoteAddr != "127.0.0.1" || unknown[1].Name != "other" {
		t.Errorf("names that no app has: %+v", unknown)
	}
	s.app, s.password = "JIRA", testPassword
	if res := s.ask("GET", "/config/cookie", "json", ""); res.body != `{"domain":"","name":"crowd.token_key","secure":false}` {
		t.Errorf("cookie: %d %s", res.status, res.body)
	}
	secrets, err := s.store.AppSecrets(context.Background(), "jira")
	s.must(err)
	if secrets[0].LastUsedAt.IsZero() {
		t.Error("the use of the secret was not noted")
	}
	if a, err := s.store.CrowdActivity(context.Background(), "jira"); err != nil || a.Refused != 2 || a.Recent[1].Status != 401 {
		t.Errorf("what was refused is not shown: %+v %v", a, err)
	}
	s.must(s.store.DeleteAppSecret(context.Background(), tester, "jira", secrets[0].ID))
	if res := s.ask("GET", "/config/cookie", "json", ""); res.status != 401 {
		t.Errorf("with a secret taken back: %d", res.status)
	}
}

func TestFailuresAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.password = "wrong"
	last := 0
	for range 11 {
		last = s.ask("GET", "/config/cookie", "xml", "").status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the eleventh wrong password was answered with %d", last)
	}
	s.password = testPassword
	if got := s.ask("GET", "/config/cookie", "xml", "").status; got != http.StatusTooManyRequests {
		t.Errorf("a password that is not known yet was tried all the same: %d", got)
	}
	s.now = s.now.Add(time.Minute)
	if got := s.ask("GET", "/config/cookie", "xml", "").status; got != 200 {
		t.Errorf("a minute later: %d", got)
	}
}

func TestAllowedAddresses(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]int{
		"127.0.0.1": 200, "10.0.0.1 127.0.0.0/8": 200, "10.0.0.0/8": 403, "::1": 403, "rubbish": 403, "": 200,
	} {
		s := newSite(t, storetest.Open(t), func(a *model.App) { a.AllowedIPs = strings.Fields(list) })
		res := s.ask("GET", "/config/cookie", "xml", "")
		if res.status != want || (want == 403 && !strings.Contains(res.body, "<reason>APPLICATION_ACCESS_DENIED</reason>")) {
			t.Errorf("%q answered %d %s, want %d", list, res.status, res.body, want)
		}
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	create := `<authentication-context><username>ANA</username><validation-factors><validation-factor><name>remote_address</name>` +
		`<value>10.0.0.9</value></validation-factor></validation-factors></authentication-context>`
	begin := func() string {
		res := s.ask("POST", "/session?validate-password=false", "xml", create)
		_, token, _ := strings.Cut(res.body, "<token>")
		token, _, _ = strings.Cut(token, "</token>")
		if res.status != 201 || token == "" || !strings.HasSuffix(res.header.Get("Location"), "/session/"+token) {
			t.Fatalf("answered %d %s %v", res.status, res.body, res.header)
		}
		return token
	}
	token := begin()
	factors := func(address string) string {
		return `{"validationFactors":[{"name":"remote_address","value":"` + address + `"}]}`
	}
	status := func(method, path, body string, want int) {
		t.Helper()
		if res := s.ask(method, path, "json", body); res.status != want {
			t.Errorf("%s %s answered %d %s, want %d", method, path, res.status, res.body, want)
		}
	}
	if res := s.ask("GET", "/session/"+token+"?expand=user", "json", ""); !strings.Contains(res.body, `"email":"ana@example.com"`) {
		t.Errorf("session: %s", res.body)
	}
	status("POST", "/session/"+token, factors("10.0.0.9"), 200)
	status("POST", "/session/"+token, factors("10.0.0.10"), 400)
	s.now = s.now.Add(29 * time.Minute)
	status("POST", "/session/"+token, factors("10.0.0.9"), 200)
	s.now = s.now.Add(29 * time.Minute)
	status("GET", "/session/"+token, "", 200)
	s.now = s.now.Add(2 * time.Minute)
	status("GET", "/session/"+token, "", 404)

	token = begin()
	status("DELETE", "/session/"+token, "", 204)
	status("GET", "/session/"+token, "", 404)
	token, other := begin(), begin()
	status("DELETE", "/session?username=ana&exclude="+other, "", 204)
	status("GET", "/session/"+token, "", 404)
	status("GET", "/session/"+other, "", 200)
	_, err := s.store.UpdateUser(context.Background(), tester, "ana", func(u *model.User) error { u.Active = false; return nil })
	s.must(err)
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
func TestSlowReadersAreFew(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t), nil)
	s.people()
	const readers, atOnce = 9, 3
	reads, site := make(chan *slowReader, readers), s.handler
	var done sync.WaitGroup
	for range readers {
		done.Go(func() {
			r := &slowReader{ResponseRecorder: httptest.NewRecorder(), reads: reads, goOn: make(chan struct{})}
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, s.url+crowdBase+"/group/membership", nil)
			req.SetBasicAuth(s.app, s.password)
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
		s.ask("GET", "/config/cookie", "xml", "") // gives the others time, if nothing holds them back
		close(reading[0].goOn)
		reading = reading[1:]
	}
	for _, r := range reading {
		close(r.goOn)
	}
	done.Wait()
}
