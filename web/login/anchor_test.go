package login_test

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
	k := webtest.Keys() // what the other tests call the attacker is AWS's second key here
	x := webtest.NewTarget(t, func(c *model.Config) { c.IdPMetadata = webtest.MetadataWith(k.AwsCert, k.AttackerCert) })
	stranger, strangerCert := webtest.NewKey(2048)
	for what, c := range map[string]struct {
		key   *rsa.PrivateKey
		named [][]byte
		want  model.Code
	}{
		"A":                            {k.Aws, [][]byte{k.AwsCert}, ""},
		"B":                            {k.Attacker, [][]byte{k.AttackerCert}, ""},
		"A without KeyInfo":            {k.Aws, nil, ""},
		"B without KeyInfo":            {k.Attacker, nil, ""},
		"B in the name of A":           {k.Attacker, [][]byte{k.AwsCert}, model.CodeSignatureInvalid},
		"A in the name of B":           {k.Aws, [][]byte{k.AttackerCert}, model.CodeSignatureInvalid},
		"B in the name of A and B":     {k.Attacker, [][]byte{k.AwsCert, k.AttackerCert}, model.CodeSignatureInvalid},
		"a stranger without KeyInfo":   {stranger, nil, model.CodeSignatureInvalid},
		"a stranger in the name of B":  {stranger, [][]byte{k.AttackerCert}, model.CodeSignatureInvalid},
		"a stranger in their own name": {stranger, [][]byte{strangerCert}, model.CodeCertificateUnknown},
	} {
		e := x.Begin(false)
		message := attack.SignedBy(&e.Scene, c.key, c.named...)
		if c.want != "" {
			x.Refused(t, what, "aws", e, message, c.want)
			continue
		}
		w := x.Answer(e, message)
		x.WantCode(t, what, w, "")
		if !x.SignedIn(webtest.Later(e.Cookies, w.Result().Cookies())) {
			t.Errorf("%s: nobody is signed in", what)
		}
		x.Log.Reset()
	}
}

// A key that is too short signs nobody in, though its certificate is stored; nor
// does it stand in the way of a good one.
func TestRow06StoredWeakKey(t *testing.T) {
	t.Parallel()
	weak, weakCert := webtest.NewKey(1024)
	x := webtest.NewTarget(t, func(c *model.Config) { c.IdPMetadata = webtest.MetadataWith(weakCert, webtest.Keys().AwsCert) })
	for what, named := range map[string][][]byte{"named": {weakCert}, "in the name of the good one": {webtest.Keys().AwsCert}, "without KeyInfo": nil} {
		e := x.Begin(false)
		want := model.CodeSignatureInvalid // the good one was tried
		if what == "named" {
			want = model.CodeSignatureAlgorithm
		}
		x.Refused(t, what, "aws", e, attack.SignedBy(&e.Scene, weak, named...), want)
	}
	e := x.Begin(false)
	x.WantCode(t, "the good one without KeyInfo", x.Answer(e, attack.SignedBy(&e.Scene, webtest.Keys().Aws)), "")
	alone := webtest.NewTarget(t, func(c *model.Config) { c.IdPMetadata = webtest.MetadataWith(weakCert) })
	e = alone.Begin(false)
	alone.Refused(t, "alone, without KeyInfo", "aws", e, attack.SignedBy(&e.Scene, weak), model.CodeSignatureAlgorithm)
}

// The text of a failure that AWS reports is anybody's: nobody has verified it.
func TestRow12StatusIsTextInTheConsole(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	var w *httptest.ResponseRecorder
	for _, v := range attack.Variants() {
		if v.Name == "script in the status message" {
			e := x.Begin(false)
			w = x.Answer(e, v.Mint(&e.Scene))
		}
	}
	x.WantCode(t, "the failure", w, model.CodeStatusNotSuccess)
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
