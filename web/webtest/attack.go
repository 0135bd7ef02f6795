package webtest

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
)

const AttackIssuer = "https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/MTIzNDU2Nzg5MDEyX2lucy0wMDAwMDAwMDAwMDAwMDAw"

// Keys are made once: two pairs, and certificates with the same subject and
// serial number.
var Keys = sync.OnceValue(func() (k struct {
	Aws, Attacker         *rsa.PrivateKey
	AwsCert, AttackerCert []byte
},
) {
	k.Aws, k.AwsCert = NewKey(2048)
	k.Attacker, k.AttackerCert = NewKey(2048)
	return k
}) //nolint:gochecknoglobals // making a key takes a while

func NewKey(bits int) (*rsa.PrivateKey, []byte) {
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

func MetadataWith(certificates ...[]byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID=%q><IDPSSODescriptor `+
		`protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`, AttackIssuer)
	for _, der := range certificates {
		b.WriteString(`<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` +
			base64.StdEncoding.EncodeToString(der) + `</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`)
	}
	fmt.Fprintf(&b, `<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location=%q/>`+
		`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location=%q/></IDPSSODescriptor></EntityDescriptor>`,
		AttackIssuer, AttackIssuer)
	return b.String()
}

// Target is a site under attack: committed data in PostgreSQL, and a log.
type Target struct {
	*SamlSite
	Log *bytes.Buffer
}

func NewTarget(t *testing.T, change func(*model.Config)) *Target {
	t.Helper()
	st := storetest.OpenPool(t)
	s := NewSiteOn(t, st)
	x := &Target{SamlSite: &SamlSite{Site: s}, Log: &bytes.Buffer{}}
	s.Log = slog.New(slog.NewTextHandler(x.Log, nil))
	storetest.LiveConnection(t, st, "aws", func(c *model.Config) {
		c.IdPMetadata, c.Attributes = MetadataWith(Keys().AwsCert), model.WizardAttributes()
		if change != nil {
			change(c)
		}
	})
	return x
}

// Exchange is one login: the request that left, and the browser that sent it.
type Exchange struct {
	Scene   attack.Scene
	Relay   string
	Cookies []*http.Cookie
}

// Begin starts a login; unsolicited ones begin at AWS.
func (x *Target) Begin(unsolicited bool) Exchange {
	x.T.Helper()
	return x.BeginAt("aws", unsolicited)
}

// BeginAt is begin with another connection.
func (x *Target) BeginAt(slug string, unsolicited bool) Exchange {
	x.T.Helper()
	k := Keys()
	e := Exchange{Scene: attack.Scene{ACS: x.URL + "/saml/" + slug + "/acs", Audience: x.URL + "/saml/" + slug + "/metadata", Issuer: AttackIssuer, Now: x.Now,
		Key: k.Aws, Certificate: k.AwsCert, AttackerKey: k.Attacker, AttackerCertificate: k.AttackerCert}}
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
	if err := xml.Unmarshal([]byte(inflate(x.T, to.Query().Get("SAMLRequest"))), &request); err != nil {
		x.T.Fatal(err)
	}
	e.Scene.Request, e.Relay, e.Cookies = request.ID, to.Query().Get("RelayState"), w.Result().Cookies()
	return e
}

// Answer posts a message as the browser of the exchange.
func (x *Target) Answer(e Exchange, message string) *httptest.ResponseRecorder {
	return x.AnswerAt("aws", e, message)
}

// AnswerAt is answer with another connection.
func (x *Target) AnswerAt(slug string, e Exchange, message string) *httptest.ResponseRecorder {
	r := Post("/saml/"+slug+"/acs", FormType, url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(message))}, "RelayState": {e.Relay}}.Encode())
	for _, c := range e.Cookies {
		r.AddCookie(c)
	}
	return x.Send(r)
}

// State is everything that is stored but for traces and requests under way.
func (x *Target) State() map[string]string {
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

func (x *Target) Traces() int {
	x.T.Helper()
	var n int
	if err := x.Store.Pool().QueryRow(context.Background(), "select count(*) from logins").Scan(&n); err != nil {
		x.T.Fatal(err)
	}
	return n
}

// Me is what the person's own page says to the browser that got an answer.
func (x *Target) Me(w *httptest.ResponseRecorder, e Exchange) string {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/me", nil)
	for _, c := range append(e.Cookies, w.Result().Cookies()...) {
		r.AddCookie(c)
	}
	return x.Send(r).Body.String()
}

// wantNothing holds for every refusal, whatever was sent.
func (x *Target) wantNothing(t *testing.T, w *httptest.ResponseRecorder, e Exchange, message string, before map[string]string) {
	t.Helper()
	for name, sum := range x.State() {
		if before[name] != sum {
			t.Errorf("the table %s changed", name)
		}
	}
	if page := x.Me(w, e); !strings.Contains(page, "You are not signed in") {
		t.Errorf("somebody is signed in:\n%s", page)
	}
	page := w.Body.String()
	for _, leak := range []string{"saml2", "goroutine", "etree", "goxmldsig", "xmldsig", "encoding/xml", "<script>alert", "XML syntax", "admin@",
		"mallory", ">admin<"} {
		if strings.Contains(page, leak) {
			t.Errorf("the page shows %q", leak)
		}
	}
	log := x.Log.String()
	x.Log.Reset()
	secrets := []string{"alice", "admin@", "BEGIN", "saml2", "alert(1)"}
	if len(message) > 300 {
		secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte(message))[:60])
	}
	for _, c := range e.Cookies {
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

// StatusOf is the HTTP status of a refusal.
func StatusOf(code model.Code) int {
	switch code {
	case model.CodeMalformedResponse:
		return http.StatusBadRequest
	case model.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	default:
		return http.StatusForbidden
	}
}

func (x *Target) Try(t *testing.T, v attack.Variant) {
	t.Helper()
	e := x.Begin(v.Unsolicited)
	before, traces := x.State(), x.Traces()
	if v.Unsolicited {
		traces++
	}
	message := v.Mint(&e.Scene)
	w := x.GoOn(x.Answer(e, message))
	if x.Traces() != traces {
		t.Errorf("%d traces, want %d", x.Traces(), traces)
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
		if page := x.Me(w, e); w.Code != http.StatusSeeOther || !strings.Contains(page, "alice@example.com") {
			t.Errorf("nobody is signed in: %d\n%s", w.Code, page)
		}
		return
	}
	if w.Code != StatusOf(v.Want) || l.Outcome != model.OutcomeRefused {
		t.Errorf("answered %d, outcome %s", w.Code, l.Outcome)
	}
	x.wantNothing(t, w, e, message, before)
}
