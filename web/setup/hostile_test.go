package setup_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/outgoing"
	"github.com/postern-sso/postern/web/webtest"
)

// hostileMetadata is what must not be taken, and a word of what is said of it.
func hostileMetadata() map[string]struct{ text, say string } {
	good := webtest.MetadataWith(webtest.Keys().AwsCert)
	location := func(address string) string {
		return strings.Replace(good, `Location="`+webtest.AttackIssuer+`"`, `Location="`+address+`"`, 1)
	}
	return map[string]struct{ text, say string }{
		"a DTD":            {`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + strings.Replace(good, "amazonaws", "&a;", 1), "cannot be trusted"},
		"growing entities": {`<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>` + good, "cannot be trusted"},
		"a late DTD":       {good + `<!DOCTYPE x SYSTEM "http://127.0.0.1/">`, "cannot be trusted"},
		"depth":            {strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100), "cannot be trusted"},
		"a declaration":    {good + `<!ELEMENT a ANY>`, "cannot be trusted"},
		"many elements":    {"<a>" + strings.Repeat("<b/>", 50_000) + "</a>", "cannot be trusted"},
		"two providers": {`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` + good + good + `</EntitiesDescriptor>`,
			"many identity providers (2)"},
		"a script":             {location("javascript:alert(1)"), "not https"},
		"a page in an address": {location("data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;"), "not https"},
	}
}

// Hostile metadata is refused in words, as a paste and as a file, whoever brings
// it, and nothing of it stays.
func TestRow16HostileMetadataOverHTTP(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepMetadata)
	h, path := s.Opened()
	for name, c := range hostileMetadata() {
		paste := map[string]string{"metadata": c.text}
		for who, res := range map[string]*webtest.Page{
			"an administrator's paste": s.Bring("", c.text, ""), "an administrator's file": s.Bring(c.text, "", ""),
			"a holder's paste": h.HandOver(path, h.Get(path).Version(), paste, ""), "a holder's file": h.HandOver(path, h.Get(path).Version(), nil, c.text),
		} {
			if said := res.Find(".problems"); res.Status != http.StatusUnprocessableEntity || !strings.Contains(said, c.say) {
				t.Errorf("%s, %s: answered %d, saying %q", name, who, res.Status, said)
			}
			if strings.Contains(res.Body, "root:") || strings.Contains(res.Body, "<script>alert") {
				t.Errorf("%s, %s: the page holds what it must not", name, who)
			}
		}
	}
	if s.Draft().Config.IdPMetadata != "" {
		t.Error("hostile metadata was saved")
	}
}

// All certificates that came are shown and kept, and what is over is said.
func TestRow16SeveralCertificatesAreShownAndKept(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepMetadata)
	over := strings.Replace(webtest.MetadataWith(webtest.Keys().AwsCert, webtest.Keys().AttackerCert),
		" entityID=", ` validUntil="2020-01-01T00:00:00Z" entityID=`, 1)
	webtest.Expect(t, s.Bring("", over, ""), http.StatusSeeOther, "/setup/aws/metadata")
	shown := s.Get("/setup/aws/metadata")
	for _, want := range []string{webtest.FingerprintOfDER(webtest.Keys().AwsCert), webtest.FingerprintOfDER(webtest.Keys().AttackerCert),
		"several certificates", "valid only until 1 January 2020"} {
		if !strings.Contains(shown.Text(), want) {
			t.Errorf("the page does not say %q:\n%s", want, shown.Text())
		}
	}
	if got := s.Draft().Config.IdPMetadata; got != over {
		t.Errorf("%d bytes are kept of %d", len(got), len(over))
	}
}

// A key without a use signs like one that is for signing, and widens nothing; one
// that is for encryption signs nobody in.
func TestRow16UseOfKeys(t *testing.T) {
	t.Parallel()
	k := webtest.Keys()
	both := webtest.MetadataWith(k.AwsCert, k.AttackerCert)
	encryption := strings.LastIndex(both, `use="signing"`)
	for name, c := range map[string]struct {
		metadata string
		want     model.Code // of what the second key signs
	}{
		"without a use":  {strings.ReplaceAll(webtest.MetadataWith(k.AwsCert), ` use="signing"`, ""), model.CodeCertificateUnknown},
		"for encryption": {both[:encryption] + `use="encryption"` + both[encryption+len(`use="signing"`):], model.CodeCertificateUnknown},
	} {
		x := webtest.NewTarget(t, func(c1 *model.Config) { c1.IdPMetadata = c.metadata })
		e := x.Begin(false)
		x.Refused(t, name+", the other key", "aws", e, attack.SignedBy(&e.Scene, k.Attacker, k.AttackerCert), c.want)
		e = x.Begin(false)
		x.Refused(t, name+", the other key without KeyInfo", "aws", e, attack.SignedBy(&e.Scene, k.Attacker), model.CodeSignatureInvalid)
		x.SignIn("alice", webtest.AsItIs)
		unsigned := x.Begin(false)
		message := webtest.HonestMessage(&unsigned)
		x.Refused(t, name+", changed", "aws", unsigned, strings.Replace(message, ">alice<", ">admin<", 1), model.CodeSignatureInvalid)
	}
}

// A server that takes its time is given up, in words.
func TestRow16FetchIsGivenUp(t *testing.T) {
	t.Parallel()
	srv := webtest.MetadataServer(t, false, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	dripping := webtest.MetadataServer(t, false, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("<")) // the body begins
		w.(http.Flusher).Flush()    // and never ends
		<-r.Context().Done()
	})
	m := outgoing.NewFetcher(true)
	m.Patience = 20 * time.Millisecond
	for _, address := range []string{srv.URL, dripping.URL} {
		if text := webtest.RefusedFetch(t, m, address); !strings.Contains(text, "did not answer within") {
			t.Errorf("said %q", text)
		}
	}
	if m := outgoing.NewFetcher(true); m.Patience != outgoing.FetchPatience {
		t.Errorf("a fetch may take %v", m.Patience)
	}
}
