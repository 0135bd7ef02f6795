package drill_test

import (
	"compress/flate"
	"context"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
)

const (
	publicURL = "http://localhost:8080"
	issuer    = "https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/MTIzNDU2Nzg5MDEyX2lucy0wMDAwMDAwMDAwMDAwMDAw"
	document  = `version: 1
connections:
  - slug: drill
    name: Drill
    status: live
    idp_metadata_file: idp.xml
    provisioning: jit
    attributes: {username: subject, email: email, external_id: userId}
groups:
  - {name: everybody}
rules:
  - {name: all, connection: drill, when: {always: true}, groups: [everybody]}
`
)

// signing is how AWS signs here.
var signing = sync.OnceValue(func() attack.Scene { //nolint:gochecknoglobals // a constant
	key, der := attack.FixedKey(14)
	return attack.Scene{Issuer: issuer, ACS: publicURL + "/saml/drill/acs", Audience: publicURL + "/saml/drill/metadata", Key: key, Certificate: der}
})

// site is what processes share: the flags that lead to one database and one key.
type site struct {
	flags []string // of every command
	serve []string // of serve
}

// newSite migrates the database with the program and configures one connection.
func newSite(t *testing.T, p program, database string, more ...string) site {
	t.Helper()
	dir := t.TempDir()
	certificate := base64.StdEncoding.EncodeToString(signing().Certificate)
	metadata := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + issuer + `"><IDPSSODescriptor ` +
		`protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#">` +
		`<X509Data><X509Certificate>` + certificate + `</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService ` +
		`Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + issuer + `"/></IDPSSODescriptor></EntityDescriptor>`
	for name, text := range map[string]string{"idp.xml": metadata, "postern.yaml": document} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := site{flags: append([]string{"--database-url", database}, more...)}
	s.serve = append([]string{"--public-url", publicURL, "--trusted-proxies", "127.0.0.0/8", "--secret-key-file", filepath.Join(dir, "secret.key")}, s.flags...)
	p.mustDo(t, append([]string{"migrate"}, s.flags...)...)
	p.mustDo(t, append([]string{"config", "apply", filepath.Join(dir, "postern.yaml")}, s.flags...)...)
	return s
}

// load is people who sign in all the time, each anew and from elsewhere, at whichever
// process the balancer has.
type load struct {
	mu       sync.Mutex
	backends []string
	turn     int
	under    map[string]int // requests that a backend answers just now

	people   atomic.Int64
	sent     atomic.Int64 // answers of AWS that were posted
	done     []string     // traces of those who were told that they are signed in
	refused  []string     // what else they were told
	twice    []string     // answers that were taken once more
	last     time.Time    // when somebody got in last
	longest  time.Duration
	stopping chan struct{}
	workers  sync.WaitGroup
}

func newLoad(people int, backends ...*process) *load {
	l := &load{stopping: make(chan struct{}), last: time.Now(), under: map[string]int{}}
	l.balance(backends...)
	for range people {
		l.workers.Go(l.work)
	}
	return l
}

// balance sends who comes now to these.
func (l *load) balance(backends ...*process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.backends = nil
	for _, b := range backends {
		l.backends = append(l.backends, b.address)
	}
}

// drained returns when nobody waits for an answer of the process any more.
func (l *load) drained(x *process) *process {
	for {
		l.mu.Lock()
		n := l.under[x.address]
		l.mu.Unlock()
		if n == 0 {
			return x
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// backend is whose turn it is; done is to be called when it has answered.
func (l *load) backend() (address string, done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn++
	address = l.backends[l.turn%len(l.backends)]
	l.under[address]++
	return address, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.under[address]--
	}
}

// begin forgets what was refused and how long nobody got in.
func (l *load) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused, l.longest, l.last = nil, 0, time.Now()
}

// more returns when so many more have signed in.
func (l *load) more(t *testing.T, n int) {
	t.Helper()
	had := l.signedIn()
	for until := time.Now().Add(2 * time.Minute); l.signedIn() < had+n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("only %d of %d more signed in; the last was told %q", l.signedIn()-had, n, l.refusals())
		}
	}
}

func (l *load) signedIn() int { l.mu.Lock(); defer l.mu.Unlock(); return len(l.done) }

// refusals is how many were not let in, and what one of them was told.
func (l *load) refusals() (last string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.refused) == 0 {
		return ""
	}
	return fmt.Sprintf("%d×, the last: %s", len(l.refused), l.refused[len(l.refused)-1])
}

func (l *load) stop() { close(l.stopping); l.workers.Wait() }

func (l *load) work() {
	client := &http.Client{Timeout: 40 * time.Second, Transport: &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for {
		select {
		case <-l.stopping:
			return
		default:
		}
		n := l.people.Add(1)
		trace, again, err := l.signIn(client, n)
		l.mu.Lock()
		switch {
		case err != nil:
			l.refused = append(l.refused, err.Error())
		default:
			l.done = append(l.done, trace)
		}
		if again != "" {
			l.twice = append(l.twice, again)
		}
		l.mu.Unlock()
		if err != nil {
			time.Sleep(100 * time.Millisecond) // as people do
		}
	}
}

// signIn signs one person in and then sends the same answer again, from nowhere.
func (l *load) signIn(client *http.Client, n int64) (trace, again string, err error) {
	from := fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
	res, err := l.ask(client, from, http.MethodGet, "/saml/drill/login", nil, nil)
	if err != nil {
		return "", "", err
	}
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != http.StatusSeeOther {
		return "", "", fmt.Errorf("start: %s", res.Status)
	}
	scene := signing()
	scene.Now, scene.Subject = time.Now(), fmt.Sprintf("person-%d", n)
	if scene.Request, err = requestID(to.Query().Get("SAMLRequest")); err != nil {
		return "", "", err
	}
	form := url.Values{"RelayState": {to.Query().Get("RelayState")},
		"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(attack.WithEmail(&scene, scene.Subject+"@example.com")))}}
	cookies := res.Cookies()
	l.sent.Add(1)
	res, err = l.ask(client, from, http.MethodPost, "/saml/drill/acs", form, cookies)
	if err != nil {
		return "", "", err
	}
	if res.StatusCode != http.StatusSeeOther || !hasSession(res) {
		return "", "", fmt.Errorf("answer: %s", res.Status)
	}
	trace = res.Header.Get("Postern-Login")
	l.gotIn(time.Now()) // now: to send it again may take long
	if res, err = l.ask(client, from, http.MethodPost, "/saml/drill/acs", form, nil); err == nil && hasSession(res) {
		again = scene.Subject
	}
	return trace, again, nil
}

// gotIn notes when somebody got in.
func (l *load) gotIn(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.After(l.last) {
		l.longest, l.last = max(l.longest, at.Sub(l.last)), at
	}
}

func hasSession(res *http.Response) bool {
	for _, c := range res.Cookies() {
		if strings.Contains(c.Name, "person") && c.Value != "" {
			return true
		}
	}
	return false
}

func (l *load) ask(client *http.Client, from, method, path string, form url.Values, cookies []*http.Cookie) (*http.Response, error) {
	backend, answered := l.backend()
	defer answered()
	req, err := http.NewRequestWithContext(context.Background(), method, "http://"+backend+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Host = strings.TrimPrefix(publicURL, "http://")
	req.Header.Set("X-Forwarded-For", from)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "https://portal.sso.eu-central-1.amazonaws.com")
	}
	for _, c := range cookies {
		req.AddCookie(c)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	_, err = io.Copy(io.Discard, res.Body)
	return res, err
}

func requestID(request string) (string, error) {
	packed, err := base64.StdEncoding.DecodeString(request)
	if err != nil {
		return "", err
	}
	var r struct {
		ID string `xml:"ID,attr"`
	}
	err = xml.NewDecoder(flate.NewReader(strings.NewReader(string(packed)))).Decode(&r)
	return r.ID, err
}
