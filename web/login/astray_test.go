package login_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/login"
	"github.com/postern-sso/postern/web/webtest"
)

// postTo posts a message as the browser of the exchange to any path.
func postTo(x *webtest.Target, path string, e webtest.Exchange, message string) *httptest.ResponseRecorder {
	r := webtest.Post(path, webtest.FormType, url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(message))}, "RelayState": {e.Relay}}.Encode())
	r.Header.Set("Origin", "https://portal.sso.eu-central-1.amazonaws.com")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	for _, c := range e.Cookies {
		r.AddCookie(c)
	}
	return x.Send(r)
}

// Whatever address of this host AWS is told to post to: nobody is signed in, and
// the trace says which field of AWS holds what, and what belongs there.
func TestAnswersBesideTheACSLeaveATrace(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	acs, entity := x.URL+"/saml/aws/acs", x.URL+"/saml/aws/metadata"
	for path, words := range map[string][]string{
		"/saml/aws/acs/":             {"Application ACS URL", "a slash at its end", acs},
		"/saml//aws/acs":             {"Application ACS URL", "two slashes in a row", acs},
		"//saml/aws/acs//":           {"a slash at its end and two slashes in a row"},
		"/SAML/AWS/ACS":              {"Application ACS URL", "capital letters", acs},
		"/saml/AWS/acs":              {"capital letters"},
		"/postern/saml/aws/acs":      {"“/postern” before it"},
		"/saml/aws/acs/index.html":   {"“/index.html” after it"},
		"/saml/aws":                  {"takes no answers", acs},
		"/saml/aws/login":            {"Application start URL", "where a sign-in begins", acs},
		"/saml/aws/logout":           {"takes no answers", acs},
		"/saml/aws/metadata":         {"Application ACS URL", "Application SAML audience", "the address of our metadata", acs},
		"/":                          {"takes no answers", acs},
		"/me":                        {"takes no answers"},
		"/users":                     {"takes no answers"},
		"/signin":                    {"takes no answers"},
		"/nowhere/at/all":            {"takes no answers"},
		"/static/x":                  {"takes no answers"},
		"/auth/saml/callback":        {"takes no answers"},
		"/scimitar":                  {"takes no answers"},
		"/plugins/servlet/samlsso":   {"takes no answers"},
		"/saml/aws/acs%2F":           {acs},
		"/saml/aws/acs;jsessionid=1": {acs},
	} {
		for _, unsolicited := range []bool{false, true} {
			e := x.Begin(unsolicited)
			e.Scene.ACS = x.URL + path
			before := x.State()
			w := postTo(x, path, e, webtest.HonestMessage(&e))
			x.WantCode(t, path, w, model.CodeDestinationMismatch)
			l := x.Trace(w)
			if l.Connection != "aws" || l.XMLSealed == nil || l.Refusal.Expected != acs || l.Refusal.Received != x.URL+path {
				t.Errorf("%s: the trace of %q, %d bytes of the message, says %+v", path, l.Connection, len(l.XMLSealed), l.Refusal)
			}
			for _, word := range words {
				if !strings.Contains(l.Refusal.Detail, word) {
					t.Errorf("%s: %q lacks %q", path, l.Refusal.Detail, word)
				}
			}
			if !strings.Contains(w.Body.String(), l.ID) || len(w.Result().Cookies()) > 0 {
				t.Errorf("%s: the page lacks the reference, or sets cookies %v", path, w.Result().Cookies())
			}
			for table, sum := range x.State() {
				if before[table] != sum {
					t.Errorf("%s: the table %s changed", path, table)
				}
			}
			if l.Checks[0].ID != "place" || len(l.Checks) < 10 {
				t.Errorf("%s: the trace has the checks %+v", path, l.Checks)
			}
		}
	}
	e := x.Begin(false)
	e.Scene.ACS, e.Scene.Audience = entity, acs
	l := x.Trace(postTo(x, "/saml/aws/metadata", e, webtest.HonestMessage(&e)))
	if !strings.Contains(l.Refusal.Detail, "two fields are exchanged") || !strings.Contains(l.Refusal.Detail, entity+" in “Application SAML audience”") {
		t.Errorf("exchanged: %q", l.Refusal.Detail)
	}
	e = x.Begin(false)
	l = x.Trace(postTo(x, "/other", e, webtest.HonestMessage(&e)))
	if !strings.Contains(l.Refusal.Detail, "a proxy between the browser and Postern changes the path") {
		t.Errorf("on its way: %q", l.Refusal.Detail)
	}
}

// The trace is the one of the login that the browser began, so whoever watches it
// sees the cause; another browser's login stays open.
func TestAnswersBesideTheACSEndTheirOwnLogin(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	e := x.Begin(false)
	begun := x.Traces()
	other := e
	other.Cookies = nil
	if l := x.Trace(postTo(x, "/saml/aws/acs/", other, webtest.HonestMessage(&e))); l.RequestID == e.Scene.Request || x.Traces() != begun+1 {
		t.Errorf("another browser ended the login %q", l.RequestID)
	}
	w := postTo(x, "/saml/aws/acs/", e, webtest.HonestMessage(&e))
	if l := x.Trace(w); l.RequestID != e.Scene.Request || l.Outcome != model.OutcomeRefused || x.Traces() != begun+1 {
		t.Errorf("its own: ended %q, %s, %d traces", l.RequestID, l.Outcome, x.Traces()-begun)
	}
	x.Refused(t, "the request is over", "aws", e, webtest.HonestMessage(&e), model.CodeInResponseToUnknown)

	test, lost := x.Begin(false), x.Begin(false)
	for _, table := range []string{"requests", "logins"} {
		if _, err := x.Store.Pool().Exec(t.Context(), "update "+table+" set test = true where request_id = $1", test.Scene.Request); err != nil {
			t.Fatal(err)
		}
	}
	w = postTo(x, "/oops", test, webtest.HonestMessage(&test))
	if l := x.Trace(w); !l.Test || l.Connection != "aws" || l.RequestID != test.Scene.Request || !strings.Contains(w.Body.String(), "test of the setup") {
		t.Errorf("a test: %v of %q, %s", l.Test, l.Connection, l.RequestID)
	}
	lost.Relay = ""
	if l := x.Trace(postTo(x, "/oops", lost, webtest.HonestMessage(&lost))); l.RequestID != lost.Scene.Request {
		t.Errorf("without RelayState, in its own browser: it ended %q", l.RequestID)
	}
}

// Nothing that an answer says of itself is believed: it only says under which
// connection the trace stands.
func TestAnswersOfNobodyStandUnderNoConnection(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	storetest.LiveConnection(t, x.Store, "twin", trusting) // the same issuer
	e := x.Begin(true)
	e.Scene.ACS = x.URL + "/here"
	if l := x.Trace(postTo(x, "/here", e, webtest.HonestMessage(&e))); l.Connection != "" || l.Refusal.Code != model.CodeDestinationMismatch {
		t.Errorf("two connections have the issuer: %q %+v", l.Connection, l.Refusal)
	}
	e.Scene.ACS = x.URL + "/saml/twin/acs"
	if l := x.Trace(postTo(x, "/here", e, webtest.HonestMessage(&e))); l.Connection != "twin" {
		t.Errorf("the answer names its place: %q", l.Connection)
	}
	for what, body := range map[string]string{
		"rubbish": "SAMLResponse=%21%21", "nothing": "SAMLResponse=", "a letter": "RelayState=x&SAMLResponse=eA%3D%3D",
		"no answer at all": "SAMLResponse=" + base64.RawURLEncoding.EncodeToString([]byte("<html/>")),
	} {
		w := x.Send(webtest.Post("/here", webtest.FormType, body))
		x.WantCode(t, what, w, model.CodeDestinationMismatch)
	}
	w := x.Send(webtest.Post("/here", webtest.FormType, "SAMLResponse="+strings.Repeat("A", 1<<20)))
	if l := x.Trace(w); w.Code != http.StatusRequestEntityTooLarge || l.Refusal.Code != model.CodeTooLarge {
		t.Errorf("too large: %d %+v", w.Code, l.Refusal)
	}
}

// Other forms, other programs and single logout go where they always went.
func TestWhatIsNoAnswerIsLeftAlone(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	before := x.Traces()
	body := "SAMLResponse=eA%3D%3D"
	for path, status := range map[string]int{
		"/crowd/rest/usermanagement/1/user": http.StatusUnauthorized, "/oidc/token": http.StatusUnauthorized, "/scim/x/v2/Users": http.StatusUnauthorized,
	} {
		if w := x.Send(webtest.Post(path, webtest.FormType, body)); w.Code != status {
			t.Errorf("%s: %d, want %d", path, w.Code, status)
		}
	}
	if w := x.Send(webtest.Post("/me", "text/plain", body)); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("no form: %d", w.Code)
	}
	if w := x.Send(webtest.Post("/nowhere", webtest.FormType, "XSAMLResponse=1")); w.Code != http.StatusNotFound {
		t.Errorf("another field: %d", w.Code)
	}
	if n := x.Traces(); n != before {
		t.Errorf("%d traces were left", n-before)
	}
	for range 3 * login.JudgedPerMinute {
		if err := x.Login.Refusals.Failed(t.Context(), model.NetworkOf("192.0.2.1")); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		if w := x.Send(webtest.Post("/here", webtest.FormType, body)); w.Code != http.StatusTooManyRequests {
			t.Fatalf("a flood: %d", w.Code)
		}
	}
	if n := x.Traces(); n > before+2 {
		t.Errorf("a flood leaves %d traces", n-before)
	}
}

// An answer that lost its RelayState is accepted in the browser that asked, and
// nowhere else.
func TestAnswersWithoutRelayState(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	for name, relay := range map[string]string{"none": "", "mangled": "xyz", "a path": "/me", "as long as ours": strings.Repeat("A", 26)} {
		e := x.Begin(false)
		e.Relay = relay
		foreign := e
		foreign.Cookies = x.Begin(false).Cookies
		x.Refused(t, name+", another browser", "aws", foreign, webtest.HonestMessage(&e), model.CodeInResponseToUnknown)
		foreign.Cookies = nil
		x.Refused(t, name+", no cookies", "aws", foreign, webtest.HonestMessage(&e), model.CodeInResponseToUnknown)
		w := x.Answer(e, webtest.HonestMessage(&e))
		x.WantCode(t, name, w, "")
		if l := x.Trace(w); l.RequestID != e.Scene.Request {
			t.Errorf("%s: the trace is of %q", name, l.RequestID)
		}
	}
	e := x.Begin(false)
	e.Relay, e.Cookies = "", nil
	w := x.Answer(e, webtest.HonestMessage(&e))
	if l := x.Trace(w); !strings.Contains(l.Refusal.Detail, "without the RelayState") {
		t.Errorf("the trace says %q", l.Refusal.Detail)
	}
}
