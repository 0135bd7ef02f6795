package awssim

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
)

// watched is a simulator and an application that note what a browser asks for.
type watched struct {
	t              *testing.T
	app            *Application
	url            string      // of the simulator
	posts          chan string // what the application's ACS got
	administrators chan string // from which page administrator mode was asked for
}

func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{t: t, posts: make(chan string, 100), administrators: make(chan string, 100)}
	application := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost { // Chromium also asks for an icon
			w.posts <- r.PostFormValue("SAMLResponse")
		}
	}))
	t.Cleanup(application.Close)
	s := newSimWith(t, Options{})
	app, err := s.AddApplication(StandardApplication("Postern", application.URL+"/acs", testAudience))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetFault(app.ID, VariationNoEncNamespace, On); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/start/admin/") {
			w.administrators <- r.Header.Get("Referer")
		}
		s.Handler().ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	w.app, w.url = app, server.URL
	return w
}

// received waits until the application has got a message.
func (w *watched) received(how string) {
	w.t.Helper()
	xml, err := base64.StdEncoding.DecodeString(<-w.posts)
	if err != nil || !strings.Contains(string(xml), ">alice</saml2:NameID>") {
		w.t.Errorf("%s: %v\n%s", how, err, xml)
	}
}

// TestInABrowser looks at every page, and signs in with scripts running.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	b := browsertest.Open(t)
	w := watch(t)
	b.Goto(w.url + "/start")
	b.Look("sim-signin")
	b.Press("dave Dave Outside dave@example.com")
	b.Look("sim-no-applications")
	b.Goto(w.url + "/start/open/" + w.app.ID)
	b.Messages() // Chromium notes the status 403
	b.Look("sim-no-access")
	b.Press("Sign out")
	b.Press("alice Alice Example alice@example.com")
	for _, path := range allPages(w.app) {
		if path != "/start/open/"+w.app.ID && path != "/nothing" {
			b.Goto(w.url + path)
			b.Look("sim" + strings.NewReplacer("/", "-", w.app.ID, "id").Replace(path))
		}
	}
	<-w.administrators // of the page just looked at
	signInWithScripts(b, w)
}

// signInWithScripts opens a tab for each way, so that none meets a page that
// is still on its way, and does not wait for pages that leave at once.
func signInWithScripts(b *browsertest.Browser, w *watched) {
	deepLink := w.url + "/start#/saml/default/Postern/" + w.app.ID
	for how, address := range map[string]string{"the tile": w.url + "/start/open/" + w.app.ID, "the tile's own address": deepLink} {
		browsertest.Eval[bool](b.Tab(), fmt.Sprintf("setTimeout(() => { location.href = %q }), true", address))
		w.received(how)
	}

	tab := b.Tab()
	tab.Goto(w.url + "/start")
	browsertest.Eval[bool](tab, `setTimeout(() => document.querySelector(".tile").dispatchEvent(
		new MouseEvent("click", {shiftKey: true, bubbles: true, cancelable: true}))), true`)
	if from := <-w.administrators; from != w.url+"/start" {
		w.t.Errorf("Shift-click comes from %q", from)
	}

	tab = b.Tab()
	tab.Goto(w.url + "/start/admin/" + w.app.ID)
	tab.Click("Send to Postern")
	w.received("administrator mode")

	tab = b.Tab()
	tab.Goto(w.url + "/start")
	tab.Press("Sign out")
	tab = b.Tab()
	tab.Goto(deepLink)
	tab.Click("alice Alice Example alice@example.com")
	w.received("the tile's own address, signed out")
}
