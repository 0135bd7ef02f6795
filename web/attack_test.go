package web_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/internal/testall"
	"github.com/postern-sso/postern/web/webtest"
)

const attackIssuer = "https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/MTIzNDU2Nzg5MDEyX2lucy0wMDAwMDAwMDAwMDAwMDAw"

// keys are made once: two pairs, and certificates with the same subject and
// serial number.
var keys = sync.OnceValue(func() (k struct {
	aws, attacker         *rsa.PrivateKey
	awsCert, attackerCert []byte
},
) {
	k.aws, k.awsCert = newKey(2048)
	k.attacker, k.attackerCert = newKey(2048)
	return k
}) //nolint:gochecknoglobals // making a key takes a while

func newKey(bits int) (*rsa.PrivateKey, []byte) {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err) // a test machine without randomness
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "AWS SSO"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return key, der
}

func metadataWith(certificates ...[]byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID=%q><IDPSSODescriptor `+
		`protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`, attackIssuer)
	for _, der := range certificates {
		b.WriteString(`<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` +
			base64.StdEncoding.EncodeToString(der) + `</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`)
	}
	fmt.Fprintf(&b, `<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location=%q/>`+
		`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location=%q/></IDPSSODescriptor></EntityDescriptor>`,
		attackIssuer, attackIssuer)
	return b.String()
}

// target is a site under attack: committed data in PostgreSQL, and a log.
type target struct {
	*webtest.SamlSite
	log *bytes.Buffer
}

func newTarget(t *testing.T, change func(*model.Config)) *target {
	t.Helper()
	st := storetest.OpenPool(t)
	s := webtest.NewSiteOn(t, st)
	x := &target{SamlSite: &webtest.SamlSite{Site: s}, log: &bytes.Buffer{}}
	s.Log = slog.New(slog.NewTextHandler(x.log, nil))
	storetest.LiveConnection(t, st, "aws", func(c *model.Config) {
		c.IdPMetadata, c.Attributes = metadataWith(keys().awsCert), model.WizardAttributes()
		if change != nil {
			change(c)
		}
	})
	return x
}

// exchange is one login: the request that left, and the browser that sent it.
type exchange struct {
	scene   attack.Scene
	relay   string
	cookies []*http.Cookie
}

// begin starts a login; unsolicited ones begin at AWS.
func (x *target) begin(unsolicited bool) exchange {
	x.T.Helper()
	return x.beginAt("aws", unsolicited)
}

// beginAt is begin with another connection.
func (x *target) beginAt(slug string, unsolicited bool) exchange {
	x.T.Helper()
	k := keys()
	e := exchange{scene: attack.Scene{ACS: x.URL + "/saml/" + slug + "/acs", Audience: x.URL + "/saml/" + slug + "/metadata", Issuer: attackIssuer, Now: x.Now,
		Key: k.aws, Certificate: k.awsCert, AttackerKey: k.attacker, AttackerCertificate: k.attackerCert}}
	if unsolicited {
		return e
	}
	w := x.Send(httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/saml/"+slug+"/login", nil))
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther {
		x.T.Fatalf("the login did not start: %d %v", w.Code, err)
	}
	var request struct {
		ID string `xml:"ID,attr"`
	}
	if err := xml.Unmarshal([]byte(webtest.Inflate(x.T, to.Query().Get("SAMLRequest"))), &request); err != nil {
		x.T.Fatal(err)
	}
	e.scene.Request, e.relay, e.cookies = request.ID, to.Query().Get("RelayState"), w.Result().Cookies()
	return e
}

// answer posts a message as the browser of the exchange.
func (x *target) answer(e exchange, message string) *httptest.ResponseRecorder {
	return x.answerAt("aws", e, message)
}

// answerAt is answer with another connection.
func (x *target) answerAt(slug string, e exchange, message string) *httptest.ResponseRecorder {
	r := webtest.Post("/saml/"+slug+"/acs", formType, url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(message))}, "RelayState": {e.relay}}.Encode())
	for _, c := range e.cookies {
		r.AddCookie(c)
	}
	return x.Send(r)
}

// state is everything that is stored but for traces and requests under way.
func (x *target) state() map[string]string {
	x.T.Helper()
	ctx := context.Background()
	rows, err := x.Store.Pool().Query(ctx, `select table_name from information_schema.tables where table_schema = 'public'
		and table_name not in ('logins', 'requests', 'goose_db_version', 'login_days', 'clock_readings') order by 1`)
	if err != nil {
		x.T.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			x.T.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := rows.Err(); err != nil {
		x.T.Fatal(err)
	}
	state := map[string]string{}
	for _, name := range tables {
		var sum string
		if err := x.Store.Pool().QueryRow(ctx, "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from "+name+" t").Scan(&sum); err != nil {
			x.T.Fatal(err)
		}
		state[name] = sum
	}
	return state
}

func (x *target) traces() int {
	x.T.Helper()
	var n int
	if err := x.Store.Pool().QueryRow(context.Background(), "select count(*) from logins").Scan(&n); err != nil {
		x.T.Fatal(err)
	}
	return n
}

// me is what the person's own page says to the browser that got an answer.
func (x *target) me(w *httptest.ResponseRecorder, e exchange) string {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/me", nil)
	for _, c := range append(e.cookies, w.Result().Cookies()...) {
		r.AddCookie(c)
	}
	return x.Send(r).Body.String()
}

// wantNothing holds for every refusal, whatever was sent.
func (x *target) wantNothing(t *testing.T, w *httptest.ResponseRecorder, e exchange, message string, before map[string]string) {
	t.Helper()
	for name, sum := range x.state() {
		if before[name] != sum {
			t.Errorf("the table %s changed", name)
		}
	}
	if page := x.me(w, e); !strings.Contains(page, "You are not signed in") {
		t.Errorf("somebody is signed in:\n%s", page)
	}
	page := w.Body.String()
	for _, leak := range []string{"saml2", "goroutine", "etree", "goxmldsig", "xmldsig", "encoding/xml", "<script>alert", "XML syntax", "admin@",
		"mallory", ">admin<"} {
		if strings.Contains(page, leak) {
			t.Errorf("the page shows %q", leak)
		}
	}
	log := x.log.String()
	x.log.Reset()
	secrets := []string{"alice", "admin@", "BEGIN", "saml2", "alert(1)"}
	if len(message) > 300 {
		secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte(message))[:60])
	}
	for _, c := range e.cookies {
		secrets = append(secrets, c.Value)
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
	for line := range strings.Lines(log) {
		if !strings.HasPrefix(line, "time=") {
			t.Errorf("the log has a line that is no event of ours: %q", line)
		}
	}
}

// statusOf is the HTTP status of a refusal.
func statusOf(code model.Code) int {
	switch code {
	case model.CodeMalformedResponse:
		return http.StatusBadRequest
	case model.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	default:
		return http.StatusForbidden
	}
}

// overHTTP are the messages that are sent over HTTP: of each class of attack one
// for every verdict, since status, page and trace depend on no more, and another
// one every day. internal/sso's tests judge all of them.
func overHTTP(t *testing.T) []attack.Variant {
	t.Helper()
	type kind struct {
		row                        int
		want                       model.Code
		assertionOnly, unsolicited bool
	}
	variants := map[kind][]attack.Variant{}
	var kinds []kind
	for _, v := range attack.Variants() {
		k := kind{v.Row, v.Want, v.AssertionOnly, v.Unsolicited}
		if variants[k] == nil {
			kinds = append(kinds, k)
		}
		variants[k] = append(variants[k], v)
	}
	var chosen []attack.Variant
	for _, k := range kinds {
		for _, i := range testall.Sample(t, 1, len(variants[k])) {
			chosen = append(chosen, variants[k][i])
		}
	}
	return chosen
}

// Whatever a message was judged, the answer over HTTP, the trace, everything that
// is stored and the log keep what is promised of every message.
func TestAttacksOverHTTP(t *testing.T) {
	t.Parallel()
	both := newTarget(t, nil)
	assertionOnly := newTarget(t, func(c *model.Config) { c.RequireSignatures = model.SignaturesAssertion })
	for _, v := range overHTTP(t) {
		x := both
		if v.AssertionOnly {
			x = assertionOnly
		}
		t.Run(fmt.Sprintf("row %d/%s", v.Row, v.Name), func(t *testing.T) { x.try(t, v) }) // one after the other on one site
	}
}

func (x *target) try(t *testing.T, v attack.Variant) {
	t.Helper()
	e := x.begin(v.Unsolicited)
	before, traces := x.state(), x.traces()
	if v.Unsolicited {
		traces++
	}
	message := v.Mint(&e.scene)
	w := x.GoOn(x.answer(e, message))
	if x.traces() != traces {
		t.Errorf("%d traces, want %d", x.traces(), traces)
	}
	l := x.Trace(w)
	got := model.Code("")
	if l.Refusal != nil {
		got = l.Refusal.Code
	}
	if got != v.Want {
		t.Fatalf("judged %q, want %q: %d %+v", got, v.Want, w.Code, l.Refusal)
	}
	if v.Want == "" {
		if page := x.me(w, e); w.Code != http.StatusSeeOther || !strings.Contains(page, "alice@example.com") {
			t.Errorf("nobody is signed in: %d\n%s", w.Code, page)
		}
		return
	}
	if w.Code != statusOf(v.Want) || l.Outcome != model.OutcomeRefused {
		t.Errorf("answered %d, outcome %s", w.Code, l.Outcome)
	}
	x.wantNothing(t, w, e, message, before)
}
