package login_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/web"
	"github.com/postern-sso/postern/web/webtest"
)

// Over https every cookie is one that no other host, no plain connection and no
// script gets; the three that AWS's form must bring along say so, and only those.
func TestRow11CookiesOverHTTPS(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	x.URL = "https://sso.example.com"
	o := x.Opts
	o.PublicURL = x.URL
	secure, err := web.New(o)
	if err != nil {
		t.Fatal(err)
	}
	x.Server = secure
	e := x.Begin(false)
	w := x.Answer(e, webtest.HonestMessage(&e))
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %+v", w.Code, x.Trace(w).Refusal)
	}
	want := map[string]http.SameSite{"__Host-postern-login": http.SameSiteNoneMode, "__Host-postern-who": http.SameSiteNoneMode,
		"__Host-postern-session-login": http.SameSiteNoneMode, "__Host-postern-person": http.SameSiteLaxMode}
	for _, c := range webtest.Later(e.Cookies, w.Result().Cookies()) {
		if same, ok := want[c.Name]; !ok || c.SameSite != same || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" {
			t.Errorf("the cookie %+v", c)
		}
		delete(want, c.Name)
	}
	if len(want) > 0 {
		t.Errorf("there is no cookie %v", want)
	}
	if w.Header().Get("Strict-Transport-Security") == "" {
		t.Error("https is not asked for")
	}
}

// mostForOne is what one request may allocate, in bytes.
const mostForOne = 64 << 20

// Every message of internal/attack, whatever becomes of it, costs little and
// leaves nothing that runs; a refusal sets no cookie. One after the other, since
// the figures are the process's.
func TestRow14NoMessageIsExpensive(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	x := webtest.NewTarget(t, nil)
	seen := map[int]bool{}
	begun := runtime.NumGoroutine()
	for _, v := range attack.Variants() {
		if v.AssertionOnly || (v.Row != 14 && seen[v.Row]) {
			continue // of the other rows one each
		}
		seen[v.Row] = true
		e := x.Begin(v.Unsolicited)
		message := v.Mint(&e.Scene)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		w := x.Answer(e, message)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > mostForOne {
			t.Errorf("%s: %d bytes were allocated for %d", v.Name, n, len(message))
		}
		if v.Want != "" && len(w.Result().Cookies()) > 0 {
			t.Errorf("%s: the refusal sets %v", v.Name, w.Result().Cookies())
		}
	}
	if n := runtime.NumGoroutine(); n > begun+30 { // connections of the pool come and go
		t.Errorf("%d goroutines before, %d after", begun, n)
	}
}

// Over a real connection the answers are the same, and a body that is far too
// large is not read to its end.
func TestRow14OverTheNetwork(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	seen := map[int]bool{}
	for _, v := range attack.Variants() {
		if v.AssertionOnly || v.Want == "" || seen[v.Row] {
			continue
		}
		seen[v.Row] = true
		e := x.Begin(v.Unsolicited)
		form := url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(v.Mint(&e.Scene)))}, "RelayState": {e.Relay}}
		res, login := x.PostOver(e, webtest.FormType, "", form.Encode())
		l, err := x.Store.Login(context.Background(), login)
		if err != nil || l.Refusal == nil || l.Refusal.Code != v.Want || res != webtest.StatusOf(v.Want) {
			t.Errorf("%s: %d %+v %v, want %s", v.Name, res, l.Refusal, err, v.Want)
		}
	}
	fields := "SAMLResponse=x" + strings.Repeat("&a=b", 10_001)
	var gzipped bytes.Buffer
	gzipped.WriteString("\x1f\x8b\x08\x00\x00\x00\x00\x00")
	for what, c := range map[string]struct {
		encoding, body string
		status         int
	}{
		"5 MB": {"", strings.Repeat("A", 5<<20), http.StatusRequestEntityTooLarge}, "many fields": {"", fields, http.StatusBadRequest},
		"compressed": {"gzip", gzipped.String(), http.StatusBadRequest},
	} {
		if status, login := x.PostOver(webtest.Exchange{}, webtest.FormType, c.encoding, c.body); status != c.status || login == "" {
			t.Errorf("%s: %d, trace %q", what, status, login)
		}
	}
}

// A single logout that is signed properly ends nobody's session either, and
// what comes with a login leads nowhere else.
func TestRow15SignedLogoutRequest(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	alice := x.SignIn("alice", webtest.AsItIs)
	e := x.Begin(true)
	request := strings.NewReplacer("saml2p:Response", "saml2p:LogoutRequest").Replace(webtest.HonestMessage(&e))
	for _, field := range []string{"SAMLRequest", "SAMLResponse"} {
		for _, to := range []string{"/saml/aws/logout", "/saml/aws/acs"} {
			x.Send(webtest.Post(to, webtest.FormType, url.Values{field: {base64.StdEncoding.EncodeToString([]byte(request))}}.Encode()))
			if !x.SignedIn(alice) {
				t.Fatalf("%s at %s ended her session", field, to)
			}
		}
	}
}

// What the browser brings along is harmless where the login works, too.
func TestRow17HostileCompanionsOfAnHonestAnswer(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	for _, relay := range []string{strings.Repeat("x", 10_000), "/me\x00", "\x00"} {
		e := x.Begin(true)
		e.Relay = relay
		r := webtest.Post("/saml/aws/acs", webtest.FormType, url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(webtest.HonestMessage(&e)))},
			"RelayState": {relay}}.Encode())
		r.Header.Set("User-Agent", "x\x1b[31m\u202e")
		w := x.GoOn(x.Send(r))
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != "/me" {
			t.Errorf("relay state %.10q: %d to %q", relay, w.Code, to)
		}
	}
	if log := x.Log.String(); strings.ContainsAny(log, "\x1b\u202e") {
		t.Error("the log has a control character")
	}
}

// One person is one user, however their name is written; nobody takes over the
// account of somebody else by an email.
func TestRow18VariantsMakeNoTwins(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	x.SignIn("alice", webtest.AsItIs)
	x.SignIn("zoe\u0301", webtest.AsItIs)
	x.SignIn("zo\u00e9", webtest.AsItIs)
	users := func() int {
		n, err := x.Store.CountUsers(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := users(); n != 2 {
		t.Errorf("%d users, want alice and one zoé", n)
	}
	e := x.Begin(false)
	e.Scene.Subject = "ALICE" // with an id of its own
	if w := x.Answer(e, webtest.HonestMessage(&e)); w.Code != http.StatusForbidden || users() != 2 {
		t.Errorf("ALICE: %d, %d users", w.Code, users())
	}
	before := x.User("alice")
	w, _ := x.AnswerWith("mallory", "")
	if w.Code != http.StatusSeeOther || users() != 3 {
		t.Fatalf("mallory: %d", w.Code)
	}
	e = x.Begin(false)
	e.Scene.Subject = "eve"
	xml := attack.WithEmail(&e.Scene, "alice@example.com")
	x.Answer(e, xml)
	if after := x.User("alice"); after.Email != before.Email || after.UpdatedAt != before.UpdatedAt || x.User("eve").ID == before.ID {
		t.Errorf("alice was %+v, is %+v", before, after)
	}
}

// The same page for a connection that nobody knows and one that is not open.
func TestRow20UnknownConnectionsLookClosed(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	if err := x.Store.SetStatus(context.Background(), webtest.Tester, "aws", "suspended"); err != nil {
		t.Fatal(err)
	}
	page := func(path string) (int, string) {
		a := x.Send(webtest.Post(path, webtest.FormType, samlForm("<a/>")))
		return a.Code, masked.ReplaceAllString(a.Body.String(), "")
	}
	aStatus, a := page("/saml/aws/acs")
	bStatus, b := page("/saml/nowhere/acs")
	if aStatus != bStatus || a != b {
		t.Errorf("%d and %d:\n%s\n\n%s", aStatus, bStatus, a, b)
	}
}
