package web_test

import (
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/webtest"
)

// While two certificates are trusted, each counts for its own key alone. Without
// KeyInfo each is tried.
func TestRow02SeveralTrustedCertificates(t *testing.T) {
	t.Parallel()
	k := keys() // what the other tests call the attacker is AWS's second key here
	x := newTarget(t, func(c *model.Config) { c.IdPMetadata = metadataWith(k.awsCert, k.attackerCert) })
	stranger, strangerCert := newKey(2048)
	for what, c := range map[string]struct {
		key   *rsa.PrivateKey
		named [][]byte
		want  model.Code
	}{
		"A":                            {k.aws, [][]byte{k.awsCert}, ""},
		"B":                            {k.attacker, [][]byte{k.attackerCert}, ""},
		"A without KeyInfo":            {k.aws, nil, ""},
		"B without KeyInfo":            {k.attacker, nil, ""},
		"B in the name of A":           {k.attacker, [][]byte{k.awsCert}, model.CodeSignatureInvalid},
		"A in the name of B":           {k.aws, [][]byte{k.attackerCert}, model.CodeSignatureInvalid},
		"B in the name of A and B":     {k.attacker, [][]byte{k.awsCert, k.attackerCert}, model.CodeSignatureInvalid},
		"a stranger without KeyInfo":   {stranger, nil, model.CodeSignatureInvalid},
		"a stranger in the name of B":  {stranger, [][]byte{k.attackerCert}, model.CodeSignatureInvalid},
		"a stranger in their own name": {stranger, [][]byte{strangerCert}, model.CodeCertificateUnknown},
	} {
		e := x.begin(false)
		message := attack.SignedBy(&e.scene, c.key, c.named...)
		if c.want != "" {
			x.refused(t, what, "aws", e, message, c.want)
			continue
		}
		w := x.answer(e, message)
		x.wantCode(t, what, w, "")
		if !x.signedIn(later(e.cookies, w.Result().Cookies())) {
			t.Errorf("%s: nobody is signed in", what)
		}
		x.log.Reset()
	}
}

// A key that is too short signs nobody in, though its certificate is stored; nor
// does it stand in the way of a good one.
func TestRow06StoredWeakKey(t *testing.T) {
	t.Parallel()
	weak, weakCert := newKey(1024)
	x := newTarget(t, func(c *model.Config) { c.IdPMetadata = metadataWith(weakCert, keys().awsCert) })
	for what, named := range map[string][][]byte{"named": {weakCert}, "in the name of the good one": {keys().awsCert}, "without KeyInfo": nil} {
		e := x.begin(false)
		want := model.CodeSignatureInvalid // the good one was tried
		if what == "named" {
			want = model.CodeSignatureAlgorithm
		}
		x.refused(t, what, "aws", e, attack.SignedBy(&e.scene, weak, named...), want)
	}
	e := x.begin(false)
	x.wantCode(t, "the good one without KeyInfo", x.answer(e, attack.SignedBy(&e.scene, keys().aws)), "")
	alone := newTarget(t, func(c *model.Config) { c.IdPMetadata = metadataWith(weakCert) })
	e = alone.begin(false)
	alone.refused(t, "alone, without KeyInfo", "aws", e, attack.SignedBy(&e.scene, weak), model.CodeSignatureAlgorithm)
}

// The text of a failure that AWS reports is anybody's: nobody has verified it.
func TestRow12StatusIsTextInTheConsole(t *testing.T) {
	t.Parallel()
	x := newTarget(t, nil)
	var w *httptest.ResponseRecorder
	for _, v := range attack.Variants() {
		if v.Name == "script in the status message" {
			e := x.begin(false)
			w = x.answer(e, v.Mint(&e.scene))
		}
	}
	x.wantCode(t, "the failure", w, model.CodeStatusNotSuccess)
	x.SignInAs(model.RoleAdmin)
	trace := "/logins/" + x.Trace(w).ID
	for what, p := range map[string]*webtest.Page{"the trace": x.Get(trace), "its XML": x.Post(trace+"/xml", url.Values{})} {
		if p.Status != http.StatusOK || !strings.Contains(p.Body, "&lt;script&gt;alert(1)&lt;/script&gt;") && what == "the trace" ||
			!strings.Contains(p.Text(), "alert(1)") {
			t.Errorf("%s: %d, and the text is not shown:\n%s", what, p.Status, p.Text())
		}
		if strings.Contains(p.Body, "<script>alert") || strings.Contains(p.Doc.Find("script").Text(), "alert(1)") {
			t.Errorf("%s holds the script", what)
		}
	}
}
