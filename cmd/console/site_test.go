package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/peertest"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// site is a running Postern with a database of its own, and the identity
// provider that it trusts.
type site struct {
	publicURL   string
	databaseURL string
	dir         string // the document, the metadata, the secret key
	sp          peertest.ServiceProvider
	idp         *peertest.IdP
}

// startSite applies the document and serves until the test ends.
func startSite(t *testing.T, doc string, users ...peertest.User) *site {
	t.Helper()
	// The public URL holds the port and the identity provider must know it, so
	// the port is kept from others until the program takes it.
	var lc net.ListenConfig
	reserved, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reserved.Close() }() // a second time where all goes well
	s := &site{publicURL: localURL(reserved.Addr()), dir: t.TempDir()}
	s.sp = peertest.ServiceProvider{EntityID: s.url("/saml/peer/metadata"), ACSURL: s.url("/saml/peer/acs")}
	s.idp = peertest.StartSimpleSAMLphp(t, s.sp, users)
	s.databaseURL = storetest.Database(t)
	s.write(t, "idp.xml", s.idp.MetadataXML())
	file := s.write(t, "postern.yaml", []byte(doc))
	if code, out, errs := command(t, "config", "apply", file, "--database-url", s.databaseURL); code != 0 {
		t.Fatalf("config apply: exit %d\n%s%s", code, out, errs)
	}
	if err := reserved.Close(); err != nil {
		t.Fatal(err)
	}
	s.serve(t, reserved.Addr().String())
	return s
}

func (s *site) url(path string) string { return s.publicURL + path }

func (s *site) write(t *testing.T, name string, data []byte) string {
	t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// serve runs "console serve" and returns once it is ready.
func (s *site) serve(t *testing.T, address string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	out := newReadyWriter("Postern is ready: " + s.publicURL)
	var log bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--listen", address, "--public-url", s.publicURL,
			"--database-url", s.databaseURL, "--secret-key-file", filepath.Join(s.dir, "secret.key")},
			streams{strings.NewReader(""), out, &log})
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("serve: exit %d", code)
		}
		if t.Failed() {
			t.Logf("serve logged:\n%s", log.String())
		}
	})
	select {
	case <-out.ready:
	case code := <-ended:
		ended <- code
		t.Fatalf("serve ended with exit %d before it was ready", code)
	}
}

// signIn begins at Postern and returns the identity provider's answer.
func (s *site) signIn(t *testing.T, b *browser, u peertest.User) peertest.Answer {
	t.Helper()
	return s.answer(t, b, s.url("/saml/peer/login"), u)
}

// openTile begins at the identity provider.
func (s *site) openTile(t *testing.T, b *browser, u peertest.User, relayState string) peertest.Answer {
	t.Helper()
	return s.answer(t, b, s.idp.StartURL(s.sp, relayState), u)
}

func (s *site) answer(t *testing.T, b *browser, start string, u peertest.User) peertest.Answer {
	t.Helper()
	answer, err := s.idp.SignIn(t.Context(), &http.Client{Jar: b.Jar}, start, u.Username, u.Password)
	if err != nil {
		t.Fatal(err)
	}
	if answer.ACSURL != s.sp.ACSURL {
		t.Fatalf("the answer goes to %s, want %s", answer.ACSURL, s.sp.ACSURL)
	}
	return answer
}

// wantSignedIn judges the answer of the assertion consumer service and its trace.
func (s *site) wantSignedIn(t *testing.T, resp *response) loginJSON {
	t.Helper()
	l := s.trace(t, resp)
	if resp.StatusCode != http.StatusSeeOther || l.Outcome != model.OutcomeSignedIn || l.Code != "" {
		t.Fatalf("answered %s, trace says %s (%s): %+v", resp.Status, l.Outcome, l.Code, l.Refusal)
	}
	return l
}

// wantRefused also looks for what the person needs in order to ask for help.
func (s *site) wantRefused(t *testing.T, resp *response, code model.Code) {
	t.Helper()
	l := s.trace(t, resp)
	if resp.StatusCode != http.StatusForbidden || l.Outcome != model.OutcomeRefused || l.Code != code {
		t.Errorf("answered %s, trace says %s (%s), want 403 and refused (%s): %+v", resp.Status, l.Outcome, l.Code, code, l.Refusal)
	}
	if !strings.Contains(resp.body, l.ID) {
		t.Errorf("the page does not show the reference %s:\n%s", l.ID, resp.body)
	}
}

// trace asks the program for the trace that the response names.
func (s *site) trace(t *testing.T, resp *response) loginJSON {
	t.Helper()
	id := resp.Header.Get("Postern-Login")
	if id == "" {
		t.Fatalf("%s without the header Postern-Login:\n%s", resp.Status, resp.body)
	}
	code, out, errs := command(t, "logins", "--id", id, "--json", "--database-url", s.databaseURL)
	var all []loginJSON
	if err := json.Unmarshal([]byte(out), &all); code != 0 || err != nil || len(all) != 1 || all[0].ID != id {
		t.Fatalf("logins --id %s: exit %d, %v\n%s%s", id, code, err, out, errs)
	}
	return all[0]
}

// browser keeps cookies and shows redirects instead of following them.
type browser struct{ *http.Client }

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{&http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// response is an answer that has been read to its end.
type response struct {
	*http.Response
	body string
}

func (b *browser) get(t *testing.T, address string) *response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html,*/*;q=0.8") // else it is a script to some
	return b.do(t, req)
}

// post submits the form as the identity provider's page makes a browser do it.
func (b *browser) post(t *testing.T, a peertest.Answer) *response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.ACSURL, strings.NewReader(a.Form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "null") // what browsers send after a redirect between sites
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	return b.do(t, req)
}

func (b *browser) do(t *testing.T, req *http.Request) *response {
	t.Helper()
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &response{resp, string(body)}
}

// self is what /me shows; all empty for somebody who is not signed in.
type self struct {
	username, email, displayName string
	groups                       []string // sorted
}

func (s self) equal(o self) bool {
	return s.username == o.username && s.email == o.email && s.displayName == o.displayName && slices.Equal(s.groups, o.groups)
}

func (b *browser) self(t *testing.T, s *site) self {
	t.Helper()
	resp := b.get(t, s.url("/me"))
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET /me answers %s", resp.Status)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(resp.body))
	if err != nil {
		t.Fatal(err)
	}
	field := func(name string) *goquery.Selection { return doc.Find(fmt.Sprintf("[data-me=%q]", name)) }
	groups := field("groups").Find("li").Map(func(_ int, li *goquery.Selection) string { return strings.TrimSpace(li.Text()) })
	slices.Sort(groups)
	return self{
		username: field("username").Text(), email: field("email").Text(),
		displayName: field("display-name").Text(), groups: groups,
	}
}

func answerXML(t *testing.T, a peertest.Answer) []byte {
	t.Helper()
	xml, err := base64.StdEncoding.DecodeString(a.Form.Get("SAMLResponse"))
	if err != nil {
		t.Fatal(err)
	}
	return xml
}

// command carries out one command line that ends by itself.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(""), &out, &errs})
	return code, out.String(), errs.String()
}

// freeAddress is one on this machine that nobody listens on just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // only to learn a free port
	return l.Addr().String()
}

func port(address string) string { return address[strings.LastIndexByte(address, ':'):] }

// readyWriter closes ready once the text has been written to it.
type readyWriter struct {
	text  string
	seen  strings.Builder
	ready chan struct{}
}

func newReadyWriter(text string) *readyWriter {
	return &readyWriter{text: text, ready: make(chan struct{})}
}

func (w *readyWriter) Write(p []byte) (int, error) {
	before := strings.Contains(w.seen.String(), w.text)
	w.seen.Write(p)
	if !before && strings.Contains(w.seen.String(), w.text) {
		close(w.ready)
	}
	return len(p), nil
}

// String is what has been written. Call it after ready is closed.
func (w *readyWriter) String() string { return w.seen.String() }
