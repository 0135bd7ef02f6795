package walk

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/browsertest"
)

// The whole change of AWS's certificate, brought through a setup link by somebody
// without an account, while somebody signs in about every second: nobody is
// refused at any moment.
func TestCertificateChangesAndNobodyIsRefused(t *testing.T) {
	t.Parallel()
	d := startDemo(t, browsertest.Mouse)
	d.claim()
	application := d.live()
	certificates := d.publicURL + "/connections/aws/certificates"
	people := d.keepSigningIn("alice")

	aws := d.Tab()
	aws.Goto(application + "/certificates")
	aws.Press("Generate new certificate")
	aws.WaitText("Inactive")
	people.again()
	d.Goto(certificates)
	d.WaitText("Trust the new one here")
	d.Look("certificates")
	d.Press("Make a link for this task")
	d.Look("certificates-link-made")

	other := browsertest.Open(t)
	other.Goto(d.Text("main code.copybox-value"))
	other.Press("Open the steps")
	other.Look("certificate-link")
	other.Fill("metadata", people.get(application+"/certificates/1"))
	other.Press("Hand it over")
	other.WaitText("waits to be compared")
	other.Look("certificate-link-waiting")
	people.again()

	d.Goto(certificates)
	d.Look("certificates-proposed")
	if print := other.Text(".stage.now .value code"); !strings.Contains(d.Text("main"), print) || len(print) != 95 {
		t.Errorf("the two do not see the same fingerprint %q", print)
	}
	d.Press("The fingerprint is the same: trust it")
	d.WaitText("Make it active in AWS")
	people.again()
	d.Goto(certificates)
	d.WaitText("AWS still signs with the old one")
	d.Look("certificates-trusted")

	other.WaitText("Set as active")
	aws.ClickSelector("details > summary")
	aws.Look("aws-certificate-set-active")
	aws.Press("Make active")
	people.again()
	d.Goto(certificates)
	d.WaitText("AWS signs with the new one")
	d.Look("certificates-active")
	other.WaitText("you can go back to it")

	d.daysPass()
	people.again()
	d.Goto(certificates)
	d.WaitText("Nobody has signed in for 7 days")
	d.ClickSelector(".stage.now details > summary")
	d.Look("certificates-quiet")
	d.ClickSelector(".stage.now details button")
	d.WaitText("The certificate is not trusted any more")
	d.Look("certificates-done")
	people.again()
	aws.Goto(application + "/certificates")
	aws.Press("Delete")
	people.again()
	other.WaitText("You are done")
	other.Look("certificate-link-done")
	if signed := people.stop(); signed < 7 {
		t.Errorf("%d sign-ins during the change", signed)
	}
	if refused := d.ask("select count(*) from logins where outcome = 'refused'"); refused != 0 {
		t.Errorf("%d were refused", refused)
	}
}

// daysPass lets eight days pass for what was seen of certificates.
func (d *demo) daysPass() {
	d.t.Helper()
	d.ask(`with moved as (update certificate_days set day = day - 8, first_at = first_at - interval '8 days', last_at = last_at - interval '8 days' returning 1)
		select count(*) from moved`)
}

// ask is a number out of the program's database.
func (d *demo) ask(sql string) (n int) {
	d.t.Helper()
	conn, err := pgx.Connect(d.t.Context(), d.database)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(d.t.Context())) }()
	if err := conn.QueryRow(d.t.Context(), sql).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// signer is somebody who signs in about every second, as their browser does.
type signer struct {
	d      *demo
	person string
	client *http.Client
	done   chan error    // one for each sign-in
	quit   chan struct{} // closed by end
	ended  chan int      // how many sign-ins there were
	end    func()
	failed []error // when nobody waited; read when it has ended
}

// keepSigningIn begins with it.
func (d *demo) keepSigningIn(person string) *signer {
	d.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	s := &signer{d: d, person: person, client: &http.Client{Jar: jar}, done: make(chan error), quit: make(chan struct{}), ended: make(chan int, 1)}
	s.end = sync.OnceFunc(func() { close(s.quit) })
	go s.run()
	d.t.Cleanup(s.end)
	return s
}

func (s *signer) run() {
	every := time.NewTicker(time.Second)
	defer every.Stop()
	for n := 0; ; n++ {
		err := s.signIn()
		select {
		case s.done <- err: // somebody waits for it
		case <-every.C:
			if err != nil {
				s.failed = append(s.failed, err)
			}
		case <-s.quit:
			s.ended <- n
			return
		}
	}
}

// again waits for a sign-in that began after now, and that it went well.
func (s *signer) again() {
	s.d.t.Helper()
	for range 2 { // the first may have begun before
		if err := <-s.done; err != nil {
			s.d.t.Errorf("somebody was not signed in: %v", err)
		}
	}
}

func (s *signer) stop() int {
	s.d.t.Helper()
	s.end()
	n := <-s.ended
	for _, err := range s.failed {
		s.d.t.Errorf("somebody was not signed in: %v", err)
	}
	return n
}

// signIn goes to AWS and back, and ends where people see who they are.
func (s *signer) signIn() error {
	page, err := s.send(http.MethodGet, s.d.publicURL+"/saml/aws/login", nil)
	for range 4 { // AWS asks who it is, once; then its page sends the answer on
		if err != nil || page.Find("[data-me=username]").Text() == s.person {
			return err
		}
		form := page.Find("form:has([name=SAMLResponse]), form.people").First()
		values := url.Values{"username": {s.person}}
		for _, in := range form.Find("input[name]").EachIter() {
			values.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
		}
		to, parseErr := page.Url.Parse(form.AttrOr("action", ""))
		if parseErr != nil || form.Length() == 0 {
			return fmt.Errorf("ended at %s: %.300s", page.Url, strings.Join(strings.Fields(page.Text()), " "))
		}
		page, err = s.send(http.MethodPost, to.String(), values)
	}
	return fmt.Errorf("did not come to an end, but to %s", page.Url)
}

func (s *signer) send(method, address string, form url.Values) (*goquery.Document, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	page, err := goquery.NewDocumentFromReader(res.Body)
	if err == nil {
		page.Url = res.Request.URL
	}
	return page, err
}

// get is a file of the simulated AWS.
func (s *signer) get(address string) string {
	s.d.t.Helper()
	res, err := http.Get(address) //nolint:gosec,noctx // of this test's own server
	if err != nil {
		s.d.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		s.d.t.Fatalf("%d, %v", res.StatusCode, err)
	}
	return string(text)
}
