package crowd_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/crowd"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// Nothing is answered before the app has proved itself: no resource, no error
// about one, no change.
func TestEveryResourceWantsAPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	s.password = "wrong"
	for _, c := range [][2]string{
		{"GET", "/user?username=ana"}, {"GET", "/user?username=nobody"}, {"GET", "/user/attribute?username=ana"}, {"GET", "/group?groupname=Jira+Users"},
		{"GET", "/group/attribute?groupname=Jira+Users"}, {"GET", "/user/group/direct?username=ana"}, {"GET", "/user/group/nested?username=ana"},
		{"GET", "/group/user/direct?groupname=Jira+Users"}, {"GET", "/group/membership"}, {"GET", "/group/child-group/direct?groupname=Jira+Users"},
		{"GET", "/search?entity-type=user"}, {"POST", "/search?entity-type=user"}, {"GET", "/event"}, {"GET", "/event/x"},
		{"POST", "/authentication?username=ana"}, {"POST", "/authentication/notify?username=ana"}, {"POST", "/session"}, {"DELETE", "/session?username=ana"},
		{"GET", "/session/x"}, {"POST", "/session/x"}, {"DELETE", "/session/x"}, {"GET", "/config/cookie"}, {"HEAD", "/user?username=ana"},
		{"DELETE", "/user?username=ana"}, {"PUT", "/user/password?username=ana"}, {"GET", "/nothing"}, {"POST", "/nothing"}, {"GET", "/user?username=%zz"},
	} {
		s.address = "192.0.2." + string(rune('0'+len(c[1])%10)) // not to be refused for too many
		for _, header := range []func(*http.Request){
			func(r *http.Request) { r.Header.Del("Authorization") },
			func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+testPassword) },
			func(r *http.Request) { r.SetBasicAuth("", testPassword) },
			func(r *http.Request) { r.SetBasicAuth("jira", testPassword+strings.Repeat(" ", 1024)) },
		} {
			r := s.request(context.Background(), c[0], c[1], "json", "")
			header(r)
			res := s.send(r)
			if res.status != http.StatusUnauthorized || strings.Contains(res.body, "Ana") || res.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s answered %d %s", c[0], c[1], res.status, res.body)
			}
		}
	}
	if res := s.ask("GET", "/user?username=ana", "json", ""); res.status != http.StatusUnauthorized {
		t.Errorf("a wrong password: %d %s", res.status, res.body)
	}
}

// A password that is longer than any is not hashed at all.
func TestLongPasswordsAreNotLookedAt(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.secondApp()
	long := strings.Repeat("x", 1025)
	for app, password := range map[string]string{"jira": long[1:], "other": long} {
		s.must(s.store.AddAppSecret(context.Background(), tester, app, hashOf(password), password[:5]))
		s.app, s.password = app, password
		if res := s.ask("GET", "/config/cookie", "json", ""); (res.status == http.StatusOK) != (app == "jira") {
			t.Errorf("%d bytes: %d", len(password), res.status)
		}
	}
}

// The answer to who has failed too often says when to come back, and what is
// noted of the app is not pushed out by it.
func TestTooManyFailuresAreNotNoted(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.password = "wrong"
	for range 10 {
		s.ask("GET", "/config/cookie", "json", "")
	}
	res := s.ask("GET", "/config/cookie", "json", "")
	if res.status != http.StatusTooManyRequests || res.header.Get("Retry-After") != "60" || !strings.Contains(res.body, "APPLICATION_ACCESS_DENIED") {
		t.Errorf("answered %d %s %v", res.status, res.body, res.header)
	}
	if a, err := s.store.CrowdActivity(context.Background(), "jira"); err != nil || a.Requests != 10 || a.Refused != 10 {
		t.Errorf("noted %+v, %v", a, err)
	}
}

// The directory is read-only, whatever way is taken to a resource.
func TestNothingIsChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	for _, path := range []string{"/user?username=ana", "/user/attribute?username=ana", "/user/group/direct?username=ana", "/user/group/nested?username=ana",
		"/user/password?username=ana", "/user/rename?username=ana", "/user/mail/password?username=ana", "/user/mail/usernames?email=a", "/user/expire-all-passwords",
		"/group?groupname=Jira+Users", "/group/attribute?groupname=Jira+Users", "/group/user/direct?groupname=Jira+Users", "/group/user/nested?groupname=Jira+Users",
		"/group/child-group/direct?groupname=Jira+Users", "/group/parent-group/nested?groupname=Jira+Users", "/group/membership", "/config/cookie", "/event"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
			wantReason(t, method+" "+path, s.ask(method, path, "json", ""), 403, "APPLICATION_PERMISSION_DENIED")
		}
	}
	u, err := s.store.User(context.Background(), "ana")
	if err != nil || !u.Active || u.Email != "ana@example.com" {
		t.Errorf("the user is %+v, %v", u, err)
	}
	wantNames(t, "the groups", s.ask("GET", "/user/group/direct?username=ana", "json", ""), "Jira Users", "jira-administrators")
}

// Both versions of the address are the same, and what is not there is 404.
func TestAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	for path, want := range map[string]int{
		"/rest/usermanagement/1/user?username=ana": 200, "/rest/usermanagement/latest/user?username=ana": 200,
		"/rest/usermanagement/2/user?username=ana": 404, "/rest/appmanagement/1/application": 404, "/rest/admin/1.0/users": 404, "/console": 404, "/": 404,
	} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, crowd.Base+path, nil)
		r.SetBasicAuth(s.app, s.password)
		if res := s.send(r); res.status != want || res.header.Get("X-Embedded-Crowd-Version") == "" {
			t.Errorf("%s answered %d %s", path, res.status, res.body)
		}
	}
}

// What goes wrong here is Postern's own: the app learns that, and nothing else.
func TestOwnFaults(t *testing.T) {
	t.Parallel()
	st, err := store.Open(context.Background(), storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, st, nil)
	s.ask("GET", "/config/cookie", "json", "")
	st.Close()
	wantReason(t, "the database is gone", s.ask("GET", "/config/cookie", "json", ""), 503,
		`{"reason":"OPERATION_FAILED","message":"Postern could not answer. Its log says why."}`)

	var log bytes.Buffer
	broken := *s
	broken.handler = crowd.New(crowd.Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now, // and no store
		PublicURL: s.url, RemoteAddr: func(*http.Request) string { return "127.0.0.1" }})
	wantReason(t, "a panic", broken.ask("GET", "/config/cookie", "json", ""), 500, "OPERATION_FAILED")
	if !strings.Contains(log.String(), "panic") {
		t.Errorf("the log says %s", &log)
	}
}

// brokenPipe is an app that goes away in the middle of an answer.
type brokenPipe struct{ *httptest.ResponseRecorder }

var errGone = errors.New("gone")

func (brokenPipe) Write([]byte) (int, error) { return 0, errGone }

// An answer that breaks off does not look whole, and is noted as what it was.
func TestAnswerBreaksOff(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	for range 40 {
		name := "user" + strings.Repeat("x", 100) + s.now.Format(time.StampMicro)
		s.now = s.now.Add(time.Microsecond)
		_, err := s.store.CreateUser(context.Background(), tester, model.User{Username: strings.ReplaceAll(name, " ", ""), Active: true}, nil)
		s.must(err)
	}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // the very value
			t.Errorf("the answer ends with %v", v)
		}
		a, err := s.store.CrowdActivity(context.Background(), "jira")
		if err != nil || len(a.Recent) != 1 || a.Recent[0].Reason != "OPERATION_FAILED" {
			t.Errorf("noted %+v, %v", a.Recent, err)
		}
	}()
	s.handler.ServeHTTP(brokenPipe{httptest.NewRecorder()}, s.request(context.Background(), "POST", "/search?entity-type=user&expand=user", "xml", ""))
}

// What is kept of a request has nothing secret in it.
func TestNotedPathsHaveNoTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	token := s.begin("?validate-password=false", `{"username":"ana"}`)
	_, events := s.since("")
	for _, path := range []string{"/session/" + token, "/event/" + events, "/user?username=ana"} {
		s.ask("GET", path, "json", "")
	}
	a, err := s.store.CrowdActivity(context.Background(), "jira")
	s.must(err)
	want := []string{"1/user", "1/event/…", "1/session/…", "1/event", "1/session"}
	for i, r := range a.Recent {
		if r.Path != want[i] || strings.Contains(r.Path, token) || r.RemoteAddr != "127.0.0.1" {
			t.Errorf("noted %+v, want the path %s", r, want[i])
		}
	}
}
