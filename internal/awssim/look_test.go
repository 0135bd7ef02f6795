package awssim

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
)

// TestInABrowser looks at every page, and signs in with scripts running.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	b := browsertest.Open(t)
	posts := make(chan string, 10)
	application := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost { // Chromium also asks for an icon
			posts <- r.PostFormValue("SAMLResponse")
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
	administrators := make(chan string, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/start/admin/") {
			administrators <- r.Header.Get("Referer")
		}
		s.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)

	b.Goto(server.URL + "/start")
	b.Look("sim-signin")
	b.Press("dave Dave Outside dave@example.com")
	b.Look("sim-no-applications")
	b.Goto(server.URL + "/start/open/" + app.ID)
	b.Messages() // Chromium notes the status 403
	b.Look("sim-no-access")
	b.Press("Sign out")
	b.Press("alice Alice Example alice@example.com")
	for _, path := range allPages(app) {
		if path != "/start/open/"+app.ID && path != "/nothing" {
			b.Goto(server.URL + path)
			b.Look("sim" + strings.NewReplacer("/", "-", app.ID, "id").Replace(path))
		}
	}

	received := func(how string) {
		t.Helper()
		xml, err := base64.StdEncoding.DecodeString(<-posts)
		if err != nil || !strings.Contains(string(xml), ">alice</saml2:NameID>") {
			t.Errorf("%s: %v\n%s", how, err, xml)
		}
	}
	b.Goto(server.URL + "/start/open/" + app.ID)
	received("the tile")
	b.Goto(server.URL + "/start#/saml/default/Postern/" + app.ID)
	received("the tile's own address")
	b.Goto(server.URL + "/start")
	<-administrators // of the page looked at above
	browsertest.Eval[bool](b, `setTimeout(() => document.querySelector(".tile").dispatchEvent(
		new MouseEvent("click", {shiftKey: true, bubbles: true, cancelable: true}))), true`)
	if from := <-administrators; from != server.URL+"/start" {
		t.Errorf("Shift-click comes from %q", from)
	}
	b.Goto(server.URL + "/start/admin/" + app.ID)
	b.Click("Send to Postern")
	received("administrator mode")

	b.Goto(server.URL + "/start")
	b.Press("Sign out")
	b.Goto(server.URL + "/start#/saml/default/Postern/" + app.ID)
	b.Click("alice Alice Example alice@example.com")
	received("the tile's own address, signed out")
}
