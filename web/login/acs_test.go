package login_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func samlForm(xml string) string {
	return url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(xml))}}.Encode()
}

func TestRow14BadForms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, contentType, body string
		status                  int
		code                    model.Code
	}{
		"empty":         {"/saml/aws/acs", webtest.FormType, "", 400, model.CodeMalformedResponse},
		"JSON":          {"/saml/aws/acs", "application/json", "{}", 400, model.CodeMalformedResponse},
		"multipart":     {"/saml/aws/acs", "multipart/form-data; boundary=x", "--x--", 400, model.CodeMalformedResponse},
		"no response":   {"/saml/aws/acs", webtest.FormType, "RelayState=x", 400, model.CodeMalformedResponse},
		"two responses": {"/saml/aws/acs", webtest.FormType, samlForm("<a/>") + "&" + samlForm("<b/>"), 400, model.CodeMalformedResponse},
		"in the query":  {"/saml/aws/acs?" + samlForm("<a/>"), webtest.FormType, "", 400, model.CodeMalformedResponse},
		"artifact":      {"/saml/aws/acs?SAMLart=x", webtest.FormType, "SAMLart=x", 400, model.CodeMalformedResponse},
		"not base64":    {"/saml/aws/acs", webtest.FormType, "SAMLResponse=%25%25", 400, model.CodeMalformedResponse},
		"not XML":       {"/saml/aws/acs", webtest.FormType, samlForm("hello"), 400, model.CodeMalformedResponse},
		"a page":        {"/saml/aws/acs", webtest.FormType, samlForm("<html><body/></html>"), 400, model.CodeMalformedResponse},
		"entities": {"/saml/aws/acs", webtest.FormType,
			samlForm(`<!DOCTYPE x [<!ENTITY a "a"><!ENTITY b "&a;&a;">]><x>&b;</x>`), 403, model.CodeDTDForbidden},
		"deep":                {"/saml/aws/acs", webtest.FormType, samlForm(strings.Repeat("<a>", 50000)), 400, model.CodeMalformedResponse},
		"XML too large":       {"/saml/aws/acs", webtest.FormType, samlForm("<a>" + strings.Repeat("a", 600<<10) + "</a>"), 413, model.CodeTooLarge},
		"form too large":      {"/saml/aws/acs", webtest.FormType, "SAMLResponse=" + strings.Repeat("A", 2<<20), 413, model.CodeTooLarge},
		"NUL and control":     {"/saml/aws/acs", webtest.FormType, "SAMLResponse=%00&RelayState=%0d%0aSet-Cookie:%20a", 400, model.CodeMalformedResponse},
		"unknown connection":  {"/saml/nowhere/acs", webtest.FormType, samlForm("<a/>"), 403, model.CodeConnectionNotLive},
		"unknown, hostile":    {"/saml/%00%0d/acs", webtest.FormType, samlForm("<a/>"), 403, model.CodeConnectionNotLive},
		"relay state is long": {"/saml/aws/acs", webtest.FormType, samlForm("<a/>") + "&RelayState=" + strings.Repeat("x", 10000), 400, model.CodeMalformedResponse},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
			s.WantRefused(s.Send(webtest.Post(c.path, c.contentType, c.body)), c.status, c.code)
		})
	}
}

func TestDuplicateSubmit(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	first := s.AnswerFromAWS(t, s.Sim, s.App, "user0")
	body := new(strings.Builder)
	if _, err := body.WriteString(readAll(t, first)); err != nil {
		t.Fatal(err)
	}
	again := func() *http.Request {
		r := webtest.Post("/saml/aws/acs", webtest.FormType, body.String())
		for _, c := range first.Cookies() {
			r.AddCookie(c)
		}
		return r
	}
	if w := s.Send(again()); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/me" {
		t.Fatalf("the first: %d to %q", w.Code, w.Header().Get("Location"))
	}
	w := s.Send(again())
	if l := s.Trace(w); w.Code != http.StatusForbidden || l.Refusal == nil || l.Refusal.Code != model.CodeReplayed {
		t.Errorf("the second: %d %+v, want 403 replayed", w.Code, l.Refusal)
	}
	if n, err := s.Store.CountUsers(context.Background()); err != nil || n != 1 {
		t.Errorf("%d users: %v", n, err)
	}
}

func readAll(t testing.TB, r *http.Request) string {
	t.Helper()
	if err := r.ParseForm(); err != nil {
		t.Fatal(err)
	}
	return r.PostForm.Encode()
}

func TestAnswerInAnotherBrowser(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	answer := s.AnswerFromAWS(t, s.Sim, s.App, "user0")
	body := readAll(t, answer)
	stranger := webtest.Post("/saml/aws/acs", webtest.FormType, body)
	s.WantRefused(s.Send(stranger), http.StatusForbidden, model.CodeInResponseToOtherBrowser)
	mine := webtest.Post("/saml/aws/acs", webtest.FormType, body)
	for _, c := range answer.Cookies() {
		mine.AddCookie(c)
	}
	if w := s.Send(mine); w.Code != http.StatusSeeOther {
		t.Errorf("the stranger consumed the request: %d %+v", w.Code, s.Trace(w).Refusal)
	}
}

func TestRow17RelayStateStaysHere(t *testing.T) {
	t.Parallel()
	for relay, want := range map[string]string{
		"": "/me", "/me?x=1": "/me?x=1", "https://evil.example/": "/me", "//evil.example": "/me", `/\evil.example`: "/me",
		"javascript:alert(1)": "/me", "/a\r\nSet-Cookie: b": "/me",
	} {
		s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
		m, err := s.Sim.SignIn(s.App, "user0", "", "")
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"SAMLResponse": {m.SAMLResponse()}, "RelayState": {relay}}
		if w := s.GoOn(s.Send(webtest.Post("/saml/aws/acs", webtest.FormType, form.Encode()))); w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
			t.Errorf("relay state %q leads with %d to %q, want %q", relay, w.Code, w.Header().Get("Location"), want)
		}
	}
	s := webtest.NewSAMLSite(t, storetest.Open(t), func(c *model.Config) { c.AllowIdPInitiated = false })
	m, err := s.Sim.SignIn(s.App, "user0", "", "")
	if err != nil {
		t.Fatal(err)
	}
	s.WantRefused(s.Send(webtest.Post("/saml/aws/acs", webtest.FormType, samlForm(string(m.XML)))), http.StatusForbidden, model.CodeUnsolicitedRefused)
}

// The session of a person ends with the deactivation, at the next request.
func TestRow19DeactivationEndsSessions(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	w := s.Send(s.AnswerFromAWS(t, s.Sim, s.App, "user0"))
	me := func() string {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/me", nil)
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
		return s.Send(r).Body.String()
	}
	if !strings.Contains(me(), "user0@example.com") {
		t.Fatal("not signed in")
	}
	_, err := s.Store.UpdateUser(context.Background(), storetest.Actor, "user0", func(u *model.User) error {
		u.Active = false
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if body := me(); !strings.Contains(body, "You are not signed in") {
		t.Errorf("still signed in after the deactivation:\n%s", body)
	}
	again := s.Send(s.AnswerFromAWS(t, s.Sim, s.App, "user0"))
	if l := s.Trace(again); l.Refusal == nil || l.Refusal.Code != model.CodeUserDeactivated {
		t.Errorf("a deactivated user: %d %+v", again.Code, l.Refusal)
	}
}

// Sessions rest while their connection does, and go on with it.
func TestRow19SuspensionClosesSessions(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	inside := s.Send(s.AnswerFromAWS(t, s.Sim, s.App, "user0")).Result().Cookies()
	for _, tt := range []struct {
		status model.Status
		in     bool
	}{{model.StatusSuspended, false}, {model.StatusLive, true}} {
		if err := s.Store.SetStatus(context.Background(), storetest.Actor, "aws", tt.status); err != nil {
			t.Fatal(err)
		}
		if in := s.IsSignedIn(inside); in != tt.in {
			t.Errorf("%s: signed in is %v", tt.status, in)
		}
	}
}

func TestRow19SuspendedConnection(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	answer := s.AnswerFromAWS(t, s.Sim, s.App, "user0")
	if err := s.Store.SetStatus(context.Background(), storetest.Actor, "aws", model.StatusSuspended); err != nil {
		t.Fatal(err)
	}
	s.WantRefused(s.Send(answer), http.StatusForbidden, model.CodeConnectionNotLive)
	start := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/saml/aws/login", nil)
	s.WantRefused(s.Send(start), http.StatusForbidden, model.CodeConnectionNotLive)
}

// The database goes away between the way to AWS and back: a clear page, and
// nothing half-written once it is there again.
func TestDatabaseLostInTheMiddle(t *testing.T) {
	t.Parallel()
	url := storetest.Database(t)
	st, err := store.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	s := webtest.NewSAMLSite(t, st, nil)
	answer := s.AnswerFromAWS(t, s.Sim, s.App, "user0")
	st.Close()
	w := s.Send(answer)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Postern-Login") == "" {
		t.Errorf("answered %d with the trace %q", w.Code, w.Header().Get("Postern-Login"))
	}
	for _, detail := range []string{"pgxpool", "closed pool", "SQLSTATE", "goroutine"} {
		if strings.Contains(w.Body.String(), detail) {
			t.Errorf("the page shows %q", detail)
		}
	}
	back, err := store.Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	if n, err := back.CountUsers(context.Background()); err != nil || n != 0 {
		t.Errorf("%d users: %v", n, err)
	}
	logins, _, err := back.Logins(context.Background(), store.LoginQuery{})
	if err != nil || len(logins) != 1 || logins[0].Outcome != model.OutcomePending {
		t.Errorf("traces: %v %+v", err, logins)
	}
}

func TestOpenEndpoints(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.OpenPool(t), nil)
	for path, status := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/saml/aws/metadata": 200, "/saml/aws/acs": 200, "/saml/aws/tested": 200, "/saml/aws/logout": 200,
		"/me": 200, "/signin": 200, "/saml/nowhere/metadata": 404, "/claim?token=x": 403, "/nothing": 404,
	} {
		res := s.Get(path)
		if res.Status != status {
			t.Errorf("%s answers %d, want %d", path, res.Status, status)
		}
		if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s has the policy %q", path, policy)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := s.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("HEAD %s answers %s", path, res.Status)
		}
	}
	if xml := s.Get("/saml/aws/metadata").Body; !strings.Contains(xml, s.URL+"/saml/aws/acs") || strings.Contains(xml, "encryption") {
		t.Errorf("metadata: %s", xml)
	}
}
