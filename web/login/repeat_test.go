package login_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// traveling are the cookies that come along with a form of another site: all but
// that of the session.
func traveling(cookies []*http.Cookie) (all []*http.Cookie) {
	for _, c := range cookies {
		if !strings.HasSuffix(c.Name, "postern-person") {
			all = append(all, c)
		}
	}
	return all
}

// The same answer a second time, in the browser that it signed in, leads where the
// login went, makes no session, and is noted; from anywhere else it is refused.
func TestTheSameAnswerInItsBrowser(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	e := x.Begin(false)
	message := webtest.HonestMessage(&e)
	first := x.Answer(e, message)
	x.WantCode(t, "the first", first, "")
	cookies := webtest.Later(e.Cookies, first.Result().Cookies())
	before := x.State()
	delete(before, "sessions") // whose times may move
	for range 3 {
		again := e
		again.Cookies = traveling(cookies)
		w := x.Answer(again, message)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != first.Header().Get("Location") {
			t.Fatalf("again: %d to %q, want %q", w.Code, w.Header().Get("Location"), first.Header().Get("Location"))
		}
		for _, c := range w.Result().Cookies() {
			t.Errorf("it sets the cookie %s", c.Name)
		}
		if w.Header().Get("Postern-Login") != first.Header().Get("Postern-Login") {
			t.Error("the answer names another trace")
		}
	}
	for table, sum := range before {
		if x.State()[table] != sum {
			t.Errorf("the table %s changed", table)
		}
	}
	notes := 0
	for _, c := range x.Trace(first).Checks {
		if c.ID == "repeated" && strings.Contains(c.Note, "double click") {
			notes++
		}
	}
	if l := x.Trace(first); notes != 1 || l.Outcome != model.OutcomeSignedIn {
		t.Errorf("the trace has %d notes, and the outcome %s", notes, l.Outcome)
	}
	if !x.SignedIn(cookies) {
		t.Error("she is not signed in any more")
	}
	stranger := e
	stranger.Cookies = e.Cookies // the browser that asked, before it was signed in
	x.Refused(t, "without the cookie", "aws", stranger, message, model.CodeReplayed)
	stranger.Cookies = nil
	x.Refused(t, "another browser", "aws", stranger, message, model.CodeReplayed)
	other := x.SignIn("bob", webtest.AsItIs)
	stranger.Cookies = traveling(other)
	w := x.Answer(stranger, message)
	x.WantCode(t, "somebody else's browser", w, model.CodeReplayed)
}

// What recognizes the browser ends with the session, however that ends.
func TestTheSameAnswerAfterItsSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(x *webtest.Target, cookies []*http.Cookie){
		"signed out": func(x *webtest.Target, cookies []*http.Cookie) {
			r := webtest.Post("/saml/aws/logout", webtest.FormType, "")
			for _, c := range cookies {
				r.AddCookie(c)
			}
			x.Send(r)
		},
		"deactivated": func(x *webtest.Target, _ []*http.Cookie) {
			if _, err := x.Store.UpdateUser(context.Background(), webtest.Tester, "alice", func(u *model.User) error { u.Active = false; return nil }); err != nil {
				x.T.Fatal(err)
			}
		},
		"over": func(x *webtest.Target, _ []*http.Cookie) { x.Now = x.Now.Add(13 * time.Hour) },
		"signed in anew": func(x *webtest.Target, cookies []*http.Cookie) {
			e := x.Begin(false)
			m := webtest.HonestMessage(&e)
			r := e
			r.Cookies = webtest.Later(cookies, e.Cookies)
			x.Answer(r, m)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := webtest.NewTarget(t, nil)
			e := x.Begin(false)
			message := webtest.HonestMessage(&e)
			cookies := webtest.Later(e.Cookies, x.Answer(e, message).Result().Cookies())
			end(x, cookies)
			e.Cookies = traveling(cookies)
			w := x.Answer(e, message)
			if l := x.Trace(w); l.Outcome != model.OutcomeRefused || l.Refusal == nil || w.Code != http.StatusForbidden {
				t.Errorf("answered %d, %s", w.Code, l.Outcome)
			}
		})
	}
}

// A RelayState that names an app goes there, for a login that AWS started; any
// other address is named in the trace, and leads to the person's own page.
func TestRelayStateOfAnApp(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	for _, app := range []model.App{
		{Slug: "jira", Kind: model.AppOIDC, Name: "Jira", RedirectURIs: []string{"https://tools.example.com/jira/plugins/servlet/oidc/callback"}, AllGroups: true},
		{Slug: "wiki", Kind: model.AppOIDC, Name: "Wiki", RedirectURIs: []string{"https://wiki.example.com/cb"}, AllGroups: true},
		{Slug: "other", Kind: model.AppOIDC, Name: "Other", RedirectURIs: []string{"https://other.example.com/cb"}, Connection: "second", AllGroups: true},
	} {
		if app.Connection != "" {
			storetest.LiveConnection(t, x.Store, app.Connection, trusting)
		}
		if err := x.Store.CreateApp(context.Background(), storetest.Actor, app); err != nil {
			t.Fatal(err)
		}
	}
	for relay, want := range map[string]string{
		"https://tools.example.com/jira/browse/ABC-1?x=1": "", "https://tools.example.com/jira": "", "https://wiki.example.com/": "", "https://wiki.example.com": "",
		"https://tools.example.com/": "/me", "https://tools.example.com/jirax": "/me", "https://tools.example.com/jira/../wiki": "/me",
		"http://wiki.example.com/": "/me", "https://wiki.example.com.evil.example/": "/me", "https://wiki.example.com@evil.example/": "/me",
		"https://evil.example/": "/me", "//wiki.example.com/": "/me", "javascript:alert(1)": "/me", "https://other.example.com/": "/me",
		"https://wiki.example.com:8443/": "/me", `https://wiki.example.com\@evil.example/`: "/me", "/users": "/users", "jira": "/me",
	} {
		e := x.Begin(true)
		e.Relay = relay
		w := x.GoOn(x.Answer(e, webtest.HonestMessage(&e)))
		if want == "" {
			want = relay
		}
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want {
			t.Errorf("%s: %d to %q, want %q", relay, w.Code, got, want)
		}
		named := model.CheckState("")
		for _, c := range x.Trace(w).Checks {
			if c.ID == "relay_state" && strings.Contains(c.Received, relay) {
				named = c.State
			}
		}
		if (named == model.CheckWarning) != (want == "/me") || named == "" {
			t.Errorf("%s: the trace names it as %q", relay, named)
		}
	}
	asked := x.Begin(false)
	asked.Relay = "https://wiki.example.com/"
	if w := x.Answer(asked, webtest.HonestMessage(&asked)); w.Header().Get("Location") != "/me" {
		t.Errorf("an answer to a request goes to %q", w.Header().Get("Location"))
	}
}

// Where somebody else is signed in, who chooses to change over is shown the app as
// a link: a form of ours leads to no other site by itself.
func TestRelayStateOfAnAppAfterTheAccountSwitch(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	app := model.App{Slug: "wiki", Kind: model.AppOIDC, Name: "Wiki", RedirectURIs: []string{"https://wiki.example.com/cb"}, AllGroups: true}
	if err := x.Store.CreateApp(context.Background(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	bob := x.SignIn("bob", webtest.AsItIs)
	e := x.Begin(true)
	e.Relay, e.Cookies = "https://wiki.example.com/page", traveling(bob)
	w := x.Answer(e, webtest.HonestMessage(&e))
	to := w.Header().Get("Location")
	_, token, found := strings.Cut(to, "arrival=")
	if !found {
		t.Fatalf("%d to %q", w.Code, to)
	}
	cookies := webtest.Later(bob, w.Result().Cookies())
	r := webtest.Post("/saml/aws/arrived", webtest.FormType, "choice=switch&arrival="+token)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w = x.Send(r)
	if !strings.Contains(w.Body.String(), `href="https://wiki.example.com/page"`) || w.Code != http.StatusOK {
		t.Errorf("answered %d", w.Code)
	}
}
