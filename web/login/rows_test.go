package login_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/login"
	"github.com/postern-sso/postern/web/person"
	"github.com/postern-sso/postern/web/webtest"
)

// There is no single logout with AWS: what anybody sends to the address ends
// nobody's session.
func TestRow15Logout(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	alice, bob := x.SignIn("alice", webtest.AsItIs), x.SignIn("bob", webtest.AsItIs)
	message := url.Values{"SAMLRequest": {"PHNhbWwycDpMb2dvdXRSZXF1ZXN0Lz4="}, "SAMLResponse": {"eA=="}, "RelayState": {"https://evil.example/"}}
	ask := func(r *http.Request, cookies []*http.Cookie) *httptest.ResponseRecorder {
		for _, c := range cookies {
			r.AddCookie(c)
		}
		return x.Send(r)
	}
	get := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/saml/aws/logout?"+message.Encode(), nil)
	if w := ask(get, alice); w.Code != http.StatusOK || !x.SignedIn(alice) {
		t.Errorf("a link: %d, signed in %v", w.Code, x.SignedIn(alice))
	}
	foreign := webtest.Post("/saml/aws/logout", webtest.FormType, message.Encode())
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	if w := ask(foreign, alice); w.Code != http.StatusForbidden || !x.SignedIn(alice) {
		t.Errorf("a form of another site: %d, signed in %v", w.Code, x.SignedIn(alice))
	}
	if w := ask(webtest.Post("/saml/aws/logout", webtest.FormType, message.Encode()), nil); w.Code != http.StatusOK || !x.SignedIn(alice) || !x.SignedIn(bob) {
		t.Errorf("without a session: %d", w.Code)
	}
	w := ask(webtest.Post("/saml/aws/logout", webtest.FormType, message.Encode()), alice)
	if x.SignedIn(alice) || !x.SignedIn(bob) || strings.Contains(w.Body.String(), "evil.example") {
		t.Errorf("her own: %d, alice signed in %v, bob %v", w.Code, x.SignedIn(alice), x.SignedIn(bob))
	}
}

// Groups come from rules that name the very value, and from nothing else.
func TestRow19GroupsAreGivenByRulesAlone(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := webtest.NewTarget(t, nil)
	for _, g := range []string{"jira-administrators", "mapped"} {
		storetest.Group(t, x.Store, g)
	}
	const id = "64d84438-b0c1-708c-f431-91ece2abb39a"
	_, err := x.Store.CreateRule(ctx, webtest.Tester, model.Rule{Name: "mapped", Connection: "aws",
		Kind: model.RuleAWSGroup, Value: id, Groups: []string{"mapped"}})
	if err != nil {
		t.Fatal(err)
	}
	groups := func(name string, values ...string) string {
		var b strings.Builder
		fmt.Fprintf(&b, `<saml2:Attribute Name=%q NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">`, name)
		for _, v := range values {
			b.WriteString("<saml2:AttributeValue>" + v + "</saml2:AttributeValue>")
		}
		return b.String() + "</saml2:Attribute>"
	}
	for i, c := range []struct{ what, attributes, want string }{
		{"a name of a local group", groups("groups", "jira-administrators", "admin", "owner"), ""},
		{"the id in capitals", groups("groups", strings.ToUpper(id)), ""},
		{"ids in one value", groups("groups", "x,"+id), ""},
		{"the id in another attribute", groups("Groups", id), ""},
		{"the id as a friendly name", strings.Replace(groups("other", id), "Name=", `FriendlyName="groups" Name=`, 1), ""},
		{"the id", groups("groups", id), "mapped"},
		{"groups in two elements of one name", groups("groups", "else") + groups("groups", id), "mapped"},
		{"no groups sent", "", "mapped"},
		{"other groups sent", groups("groups", "else"), ""},
	} {
		if w, _ := x.AnswerWith("alice", c.attributes); w.Code != http.StatusSeeOther {
			t.Fatalf("%s: %d %+v", c.what, w.Code, x.Trace(w).Refusal)
		}
		memberships, err := x.Store.UserMemberships(ctx, x.User("alice").ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(person.GroupNames(memberships), ","); got != c.want {
			t.Errorf("%d, %s: she is in %q, want %q", i, c.what, got, c.want)
		}
	}
}

// A person who signs in through AWS is nobody in the console, whatever they are
// called.
func TestRow19PeopleAreNoAdministrators(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	if _, err := x.Store.CreateAdministrator(context.Background(), webtest.Tester, model.Administrator{Email: "owner@example.com", PasswordHash: webtest.TestHash,
		Role: model.RoleOwner}); err != nil {
		t.Fatal(err)
	}
	cookies := x.SignIn("owner", webtest.AsItIs)
	for _, path := range []string{"/", "/users", "/administrators", "/settings"} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
		for _, c := range cookies {
			r.AddCookie(c)
			r.AddCookie(&http.Cookie{Name: "postern", Value: c.Value})
		}
		if w := x.Send(r); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/signin") {
			t.Errorf("%s: %d to %q", path, w.Code, w.Header().Get("Location"))
		}
	}
}

var masked = regexp.MustCompile(`[a-z2-7]{16}|<time.*?</time>`)

// Refusals look alike to the person: who is there, nobody learns.
func TestRow20RefusalsLookAlike(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, func(c *model.Config) { c.Provisioning = model.ProvisioningManual })
	storetest.User(t, x.Store, "gone")
	if _, err := x.Store.UpdateUser(context.Background(), webtest.Tester, "gone", func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	page := func(subject string) string {
		e := x.Begin(false)
		e.Scene.Subject = subject
		w := x.Answer(e, webtest.HonestMessage(&e))
		return fmt.Sprint(w.Code) + masked.ReplaceAllString(w.Body.String(), "")
	}
	unknown, gone := page("nobody"), page("gone")
	if unknown != gone {
		t.Errorf("an unknown user and a deactivated one see different pages:\n%s\n\n%s", unknown, gone)
	}
	start := func(path string) string {
		w := x.Send(httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil))
		return fmt.Sprint(w.Code) + masked.ReplaceAllString(w.Body.String(), "")
	}
	if err := x.Store.SetStatus(context.Background(), webtest.Tester, "aws", model.StatusSuspended); err != nil {
		t.Fatal(err)
	}
	if a, b := start("/saml/aws/login"), start("/saml/nowhere/login"); a != b {
		t.Errorf("a suspended connection and an unknown one:\n%s\n\n%s", a, b)
	}
}

// Starting logins is limited by address, and what was started goes away.
func TestRow20LoginStartsAreBounded(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	limited := 0
	for range kit.LoginStartsPerMinute + 5 {
		if w := x.Send(httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/saml/aws/login", nil)); w.Code == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited == 0 {
		t.Error("one address may start logins without end")
	}
	pending := func() (n int) {
		if err := x.Store.Pool().QueryRow(context.Background(), "select count(*) from requests").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := pending(); n > kit.LoginStartsPerMinute {
		t.Errorf("%d requests are waiting", n)
	}
	if _, err := x.Store.Sweep(context.Background(), x.Now.Add(10*time.Minute), store.Retention{XML: time.Hour}); err != nil || pending() == 0 {
		t.Errorf("after ten minutes nothing waits any more: people dawdle (%v)", err)
	}
	if _, err := x.Store.Sweep(context.Background(), x.Now.Add(login.RequestLifetime), store.Retention{XML: time.Hour}); err != nil || pending() != 0 {
		t.Errorf("after an hour %d still wait, %v", pending(), err)
	}
}

// Anybody can send what is refused. From one network only so much of it is judged
// and kept, and of what nobody signed nothing large.
func TestRow20RefusedAnswersAreBounded(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	kept := func(size int) (bytes int) {
		t.Helper()
		message := `<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol">` + strings.Repeat("x", size) + `</Response>`
		w := x.Send(webtest.Post("/saml/aws/acs", webtest.FormType, url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(message))}}.Encode()))
		l, err := x.Store.Login(t.Context(), w.Header().Get(login.HeaderLogin))
		if err != nil || l.Outcome != model.OutcomeRefused {
			t.Fatalf("answered %d: %+v, %v", w.Code, l, err)
		}
		return len(l.XMLSealed)
	}
	if n := kept(50_000); n < 50_000 {
		t.Errorf("of a message of the usual size %d bytes are kept", n)
	}
	if n := kept(login.MaxUnverifiedXML); n != 0 {
		t.Errorf("of a large one %d bytes are kept", n)
	}
	flood := func(n int) {
		for range n {
			if err := x.Login.Refusals.Failed(t.Context(), "192.0.2.1"); err != nil {
				t.Fatal(err)
			}
		}
	}
	rubbish := func(address string) *httptest.ResponseRecorder {
		r := webtest.Post("/saml/aws/acs", webtest.FormType, url.Values{"SAMLResponse": {"x"}}.Encode())
		r.RemoteAddr = address
		return x.Send(r)
	}
	for _, n := range []int{3 * login.RefusalsPerMinute, 3 * login.JudgedPerMinute} {
		flood(n)
		before, traces := x.Traces(), map[string]bool{}
		for range 20 {
			w := rubbish("192.0.2.1:1234")
			if l := x.Trace(w); w.Code != http.StatusTooManyRequests || l.Refusal == nil || l.XMLSealed != nil {
				t.Fatalf("after %d: %d %+v", n, w.Code, l)
			}
			traces[w.Header().Get(login.HeaderLogin)] = true
		}
		if more := x.Traces() - before; more > 2 || len(traces) > 2 { // the minute may end meanwhile
			t.Errorf("after %d, 20 answers leave %d traces and name %d", n, more, len(traces))
		}
	}
	if w := rubbish("192.0.2.2:1234"); w.Code != http.StatusBadRequest {
		t.Errorf("from elsewhere: %d", w.Code)
	}
}

// Whatever else comes from their network, people get in, and are told apart.
func TestRow20FloodsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	network := model.NetworkOf("192.0.2.1") // where requests of httptest come from
	flood := func(n int) {
		for range n {
			if err := x.Login.Refusals.Failed(t.Context(), network); err != nil {
				t.Fatal(err)
			}
		}
	}
	flood(3 * login.RefusalsPerMinute)
	for _, unsolicited := range []bool{false, true} {
		e := x.Begin(unsolicited)
		if w := x.GoOn(x.Answer(e, webtest.HonestMessage(&e)), e.Cookies...); w.Code != http.StatusSeeOther ||
			!x.SignedIn(webtest.Later(e.Cookies, w.Result().Cookies())) {
			t.Errorf("an honest answer, unsolicited %v: %d", unsolicited, w.Code)
		}
	}
	flood(3 * login.JudgedPerMinute)
	e := x.Begin(false)
	bad := e
	bad.Relay, bad.Cookies = "", nil
	if w := x.Answer(bad, "<a/>"); w.Code != http.StatusTooManyRequests {
		t.Errorf("rubbish: %d", w.Code)
	}
	if w := x.Answer(e, webtest.HonestMessage(&e)); w.Code != http.StatusSeeOther {
		t.Errorf("an honest answer to a request of this browser: %d", w.Code)
	}
	e = x.Begin(false)
	e.Scene.Audience = "urn:other"
	w := x.Answer(e, webtest.HonestMessage(&e))
	if l := x.Trace(w); w.Code != http.StatusForbidden || l.Refusal.Code != model.CodeAudienceMismatch || l.XMLSealed == nil {
		t.Errorf("a refused answer to a request of this browser: %d %+v", w.Code, l.Refusal)
	}
}

// What AWS said is sealed, and erased after the time that is set.
func TestRow21XMLIsSealedAndExpires(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := webtest.NewTarget(t, nil)
	x.SignIn("alice", webtest.AsItIs)
	sealed := func() (all [][]byte) {
		rows, err := x.Store.Pool().Query(ctx, "select xml_sealed from logins where xml_sealed is not null")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var b []byte
			if err := rows.Scan(&b); err != nil {
				t.Fatal(err)
			}
			all = append(all, b)
		}
		return all
	}
	kept := sealed()
	if len(kept) != 1 || bytes.Contains(kept[0], []byte("alice")) || bytes.Contains(kept[0], []byte("saml2")) {
		t.Errorf("%d messages are kept, and can be read", len(kept))
	}
	if _, err := x.Store.Sweep(ctx, x.Now.Add(store.DefaultTraceRetention+time.Minute), store.Retention{XML: store.DefaultTraceRetention}); err != nil ||
		len(sealed()) != 0 {
		t.Errorf("after the time that is set, %d messages are kept, %v", len(sealed()), err)
	}
}
