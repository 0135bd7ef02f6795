package login_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/webtest"
)

// Whatever a message names, its answer asks nobody: neither the addresses in it
// nor that of the metadata, which an unknown certificate only brings forward.
func TestRow14AnswersAskNobody(t *testing.T) {
	t.Parallel()
	bait := webtest.MetadataServer(t, false, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was asked", r.URL) })
	x := webtest.NewTarget(t, func(c *model.Config) { c.IdPMetadataURL = bait.URL + "/metadata" })
	seen := map[int]int{}
	for _, v := range attack.Variants() {
		if seen[v.Row]++; v.AssertionOnly || seen[v.Row] > 3 && v.Row != 2 && v.Row != 5 {
			continue // those of the trust anchor and of the parsers name addresses
		}
		e := x.Begin(v.Unsolicited)
		x.GoOn(x.Answer(e, baited(v.Mint(&e.Scene), bait.URL)))
	}
	e := x.Begin(false)
	artifact := url.Values{"SAMLart": {"AAQAAA"}, "SAMLResponse": {base64.StdEncoding.EncodeToString([]byte("<a/>"))}, "RelayState": {bait.URL}}
	x.Send(webtest.Post("/saml/aws/acs?SAMLart=AAQAAA&SAMLRequest="+url.QueryEscape(bait.URL), webtest.FormType, artifact.Encode()))
	for what, message := range baits(&e.Scene, bait.URL) {
		e := x.Begin(false)
		w := x.Answer(e, message)
		if l := x.Trace(w); l.Refusal == nil {
			t.Errorf("%s: %d, and it is not refused", what, w.Code)
		}
	}
}

// baited is a message whose addresses of elsewhere are the bait's.
func baited(message, bait string) string {
	return strings.NewReplacer("http://169.254.169.254", bait, "https://elsewhere.example.com", bait, "file:///etc/passwd", bait+"/file").Replace(message)
}

// baits are messages that invite a reader to ask somewhere.
func baits(s *attack.Scene, bait string) map[string]string {
	honest := attack.SignedBy(s, s.Key, s.Certificate)
	root := strings.Index(honest, "<saml2p:Response")
	put := func(before, what string) string { return strings.Replace(honest, before, what+before, 1) }
	return map[string]string{
		"a DTD elsewhere":      honest[:root] + `<!DOCTYPE r SYSTEM "` + bait + `/dtd">` + honest[root:],
		"an entity elsewhere":  honest[:root] + `<!DOCTYPE r [<!ENTITY a SYSTEM "` + bait + `/entity">]>` + strings.Replace(honest[root:], ">alice<", ">&a;<", 1),
		"a style sheet":        honest[:root] + `<?xml-stylesheet href="` + bait + `/style"?>` + honest[root:],
		"a schema":             put(` ID="`, ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="x `+bait+`/schema"`),
		"an inclusion":         put("<saml2:Subject>", `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="`+bait+`/include"/>`),
		"a key elsewhere":      put("<ds:X509Data>", `<ds:RetrievalMethod URI="`+bait+`/key"/>`),
		"content elsewhere":    strings.Replace(honest, `<ds:Reference URI="#`, `<ds:Reference URI="`+bait+`/content#`, 1),
		"an unknown signatory": attack.SignedBy(s, s.AttackerKey, s.AttackerCertificate),
	}
}

// Who comes by another attribute has a subject that is readable, too: the trace
// shows it, and where there is no id it is what the person is known by.
func TestRow18SubjectBesideAUsername(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*model.Config){
		"with a stable id":     func(c *model.Config) { c.Attributes.Username = "email" },
		"known by the subject": func(c *model.Config) { c.Attributes.Username, c.Attributes.ExternalID = "email", "" },
	} {
		x := webtest.NewTarget(t, change)
		for _, subject := range []string{"al\u200bice", "\u202eecila", "al\u00adice", "alice\ufe0f", "alice\U000e0041", "al\u0085ice", "al&#xA;ice",
			"\uff41lice", "\u212aate"} {
			e := x.Begin(false)
			x.Refused(t, what+", "+subject, "aws", e, attack.WithNameID(&e.Scene, subject), model.CodeUsernameInvalid)
		}
		e := x.Begin(false)
		w := x.Answer(e, attack.WithNameID(&e.Scene, `EXAMPLE\Alice Lee`))
		x.WantCode(t, what+", a readable one", w, "")
	}
}

// Of a value that no rule could use the trace keeps the beginning; the login works.
func TestRow14LongValuesAreStoredCut(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	long := strings.Repeat("x", 300_000)
	w, _ := x.AnswerWith("alice", `<saml2:Attribute Name="essay"><saml2:AttributeValue>`+long+`</saml2:AttributeValue></saml2:Attribute>`)
	x.WantCode(t, "the login", w, "")
	p := x.Trace(w).Person
	if p == nil || len(p.Attributes["essay"]) != 1 {
		t.Fatalf("the trace keeps %+v", p)
	}
	if kept := p.Attributes["essay"][0]; len(kept) > 5000 || !strings.HasPrefix(kept, "xxxx") || !strings.HasSuffix(kept, "…") {
		t.Errorf("the trace keeps %d bytes, %.20q … %q", len(kept), kept, kept[len(kept)-5:])
	}
	x.WantNoLongRows(t, 150_000)
}
