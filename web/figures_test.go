package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// A login, one that is refused, and the hand-over to an app are counted and measured
// part by part, and everything that is set up has its figures.
func TestFiguresOfALogin(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.OpenPool(t))
	s.SignIn(t, "user0")
	refused := s.Send(webtest.Post("/saml/aws/acs", "application/x-www-form-urlencoded", url.Values{"SAMLResponse": {"bm8="}}.Encode()))
	if refused.Code != http.StatusBadRequest {
		t.Fatalf("nonsense was answered %d", refused.Code)
	}
	got := s.Figures()
	for series, want := range map[string]float64{
		`postern_logins_total{code="",outcome="signed_in"}`:                        1,
		`postern_logins_total{code="malformed_response",outcome="refused"}`:        1,
		`postern_logins_total{code="expired",outcome="refused"}`:                   0,
		`postern_http_requests_total{route="/saml/{connection}/acs",status="303"}`: 1,
		`postern_http_requests_total{route="/saml/{connection}/acs",status="400"}`: 1,
		`postern_http_requests_total{route="/oidc/token",status="200"}`:            1,
		`postern_build_info{version="test"}`:                                       1,
		`postern_ready`:                                                            1,
		`postern_warnings_queue{channel="mail"}`:                                   0,
		`postern_health{kind="app",name="jira"}`:                                   1,
	} {
		if value, there := got[series]; !there || value != want {
			t.Errorf("%s is %v (there: %v), want %v", series, value, there, want)
		}
	}
	for _, part := range kit.LoginParts {
		if n := got[fmt.Sprintf("postern_login_duration_seconds_count{part=%q}", part)]; n < 1 {
			t.Errorf("the part %s was measured %v times", part, n)
		}
	}
	if left := got[`postern_certificate_expiry_seconds{connection="aws"}`]; left < 86400 {
		t.Errorf("the certificate ends in %v seconds", left)
	}
	if got["postern_db_pool_max_connections"] < 1 || got["postern_db_pool_acquires_total"] < 10 {
		t.Errorf("the pool: %v", got)
	}
}

// A source has its last success, its failures and the plans that wait.
func TestFiguresOfASource(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	src := s.SourceOf("corp", 12)
	got := s.Figures()
	if at := got[`postern_source_last_success_timestamp_seconds{source="corp"}`]; at != float64(src.LastGoodAt.Unix()) || at == 0 {
		t.Errorf("last read at %v, want %v", at, src.LastGoodAt.Unix())
	}
	for series, want := range map[string]float64{`postern_source_holds{source="corp"}`: 0, `postern_source_failures{source="corp"}`: 0,
		`postern_health{kind="source",name="corp"}`: 1} {
		if value, there := got[series]; !there || value != want {
			t.Errorf("%s is %v (there: %v), want %v", series, value, there, want)
		}
	}
}

// A process that makes backups tells when the newest was made; one that makes none, nothing.
func TestFiguresOfBackups(t *testing.T) {
	t.Parallel()
	const newest = "postern_backup_last_success_timestamp_seconds"
	if value, there := webtest.NewSite(t).Figures()[newest]; there {
		t.Errorf("a process that makes none says %v", value)
	}
	b := new(kit.Backups)
	s := webtest.NewSiteOn(t, storetest.Open(t), func(o *kit.Options) { o.Backups = b })
	want := func(want float64) {
		t.Helper()
		if value, there := s.Figures()[newest]; !there || value != want {
			t.Errorf("%s is %v (there: %v), want %v", newest, value, there, want)
		}
	}
	want(0)
	made := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	b.Made(made)
	b.Failed(made.Add(48*time.Hour), made, "The disk is full.")
	want(float64(made.Unix()))
}

// Tests of the setup sign nobody in, and are not counted.
func TestFiguresLeaveTestsOut(t *testing.T) {
	t.Parallel()
	m := kit.NewMetrics("test")
	before := figuresOf(t, m)
	m.CountLogin(model.Login{Test: true, Outcome: model.OutcomeRefused, Refusal: &model.Refusal{Code: model.CodeExpired}})
	m.CountLogin(model.Login{Test: true, Outcome: model.OutcomeSignedIn})
	logins := func(text string) string {
		return strings.Join(slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return !strings.HasPrefix(l, "postern_logins_total") }), "\n")
	}
	if after := figuresOf(t, m); logins(after) != logins(before) {
		t.Errorf("a test of the setup was counted:\n%s", logins(after))
	}
}

func figuresOf(t *testing.T, m *kit.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// marked is in everything that strangers send here: no figure may have it.
const marked = "zq7stranger"

// odd are requests as nobody means them: addresses, methods, names and headers at random.
func odd(i int) *http.Request {
	name := fmt.Sprintf("%s%d", marked, i)
	path := []string{"/" + name, "/users/" + name, "/saml/" + name + "/login", "/saml/" + name + "/acs", "/static/" + name, "/crowd/rest/usermanagement/1/" + name,
		"/oidc/" + name, "/scim/" + name + "/v2/Users/" + name, "/trace/" + name, "/setup-link/" + name, "/logins/" + name + "?q=" + name, "/%7f" + name,
		"//" + name + "/..//x", "/healthz/" + name, "/brand/" + name, "/groups/" + name + "/members", "/crowd//rest/" + name, "/me/" + name,
	}[i%18]
	method := []string{http.MethodGet, http.MethodPost, http.MethodHead, http.MethodDelete, http.MethodOptions, "PROPFIND", strings.ToUpper(name)}[i%7]
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader("SAMLResponse="+name))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", name)
	r.Header.Set("X-Request-Id", name)
	r.Host = name + ".example.com"
	r.SetBasicAuth(name+"@example.com", name)
	return r
}

// Whatever strangers ask for, the series stay few, and hold nothing of it.
func TestRow28FiguresAreBounded(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	s.OpenConnection("aws")
	s.AddUser("ana", "staff")
	s.AddLogin(func(*model.Login) {})
	for i := range 10_000 {
		s.Handler().ServeHTTP(httptest.NewRecorder(), odd(i))
	}
	// About 200, of them 33 codes and 100 of the histogram; one for each request would be thousands.
	if n := len(s.Figures()); n > 400 {
		t.Errorf("there are %d series", n)
	}
	text := s.FiguresText()
	for _, personal := range []string{marked, strings.ToUpper(marked), "ana", "@", "127.0.0.1", "192.0.2.1"} {
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "postern_") && strings.Contains(line, personal) {
				t.Errorf("a figure has %q: %s", personal, line)
			}
		}
	}
	if !strings.Contains(text, `postern_http_requests_total{route="none",status="404"}`) {
		t.Error("what fits no address is not counted")
	}
}
