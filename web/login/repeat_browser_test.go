package login_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/browsertest"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web"
	"github.com/postern-sso/postern/web/webtest"
)

// portal is AWS's side of a login: a page of another site, with the form that
// posts the answer. A request has one answer, however often the page is opened.
type portal struct {
	x       *webtest.Target
	mu      sync.Mutex
	answers map[string]string
}

func (p *portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	deflated, err := base64.StdEncoding.DecodeString(r.URL.Query().Get("SAMLRequest"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(deflated)))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var request struct {
		ID string `xml:"ID,attr"`
	}
	if err := xml.Unmarshal(plain, &request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answers[request.ID] == "" {
		k := webtest.Keys()
		e := webtest.Exchange{Scene: attack.Scene{ACS: p.x.URL + "/saml/aws/acs", Audience: p.x.URL + "/saml/aws/metadata", Issuer: webtest.AttackIssuer,
			Now: p.x.Now, Key: k.Aws, Certificate: k.AwsCert, AttackerKey: k.Attacker, AttackerCertificate: k.AttackerCert, Request: request.ID}}
		p.answers[request.ID] = base64.StdEncoding.EncodeToString([]byte(webtest.HonestMessage(&e)))
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><title>AWS</title><form method="post" action="%s/saml/aws/acs">
		<input type="hidden" name="SAMLResponse" value="%s"><input type="hidden" name="RelayState" value="%s"><button>Continue</button></form>`,
		p.x.URL, p.answers[request.ID], html.EscapeString(r.URL.Query().Get("RelayState")))
}

// Two sites over https, in a real browser: the session's cookie does not come
// along with AWS's form, and still the second click leads where the first went,
// until she signs out.
func TestTheSameAnswerTwiceInChromium(t *testing.T) {
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
	aws := &portal{x: x, answers: map[string]string{}}
	var mu sync.Mutex
	var session []bool // whether the session's cookie came along with each answer
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "sso.example.com" {
			aws.ServeHTTP(w, r)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/acs") {
			_, err := r.Cookie("__Host-postern-person")
			mu.Lock()
			session = append(session, err == nil)
			mu.Unlock()
		}
		secure.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	b := browsertest.OpenAt(t, srv.Listener.Addr().String())
	b.Goto(x.URL + "/saml/aws/login")
	page := b.URL()
	b.Press("Continue")
	b.WaitURL("/me")
	b.WaitText("alice@example.com")
	for range 2 {
		b.Goto(page)
		b.Press("Continue")
		b.WaitURL("/me")
		b.WaitText("alice@example.com")
	}
	b.Goto(x.URL + "/saml/aws/logout")
	b.Press("Sign out")
	b.WaitText("You are signed out here")
	b.Goto(page)
	b.Press("Continue")
	b.WaitText("You could not be signed in")
	b.Goto(x.URL + "/me")
	b.WaitText("You are not signed in")
	mu.Lock()
	defer mu.Unlock()
	if len(session) != 4 || session[0] || session[1] || session[2] || session[3] {
		t.Errorf("the session's cookie came along: %v", session)
	}
	var signedIn int
	err = x.Store.Pool().QueryRow(t.Context(), "select count(*) from logins where outcome = $1", model.OutcomeSignedIn).Scan(&signedIn)
	if err != nil || signedIn != 1 {
		t.Errorf("%d logins signed her in, %v", signedIn, err)
	}
}
