package kit_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/web/kit"
)

// FuzzLocalPath: what comes from outside leads to a path of this site, in the
// eyes of a browser, or nowhere.
func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/me?x=1", "//evil.example", `/\evil.example`, "javascript:alert(1)", "/a\r\nSet-Cookie: b", "/%2f%2fevil.example",
		"https://evil.example/", "/\t/evil.example"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://sso.example.com/saml/aws/acs")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		local := kit.LocalPath(path)
		if local == "" {
			return
		}
		to, err := base.Parse(local)
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || strings.ContainsAny(local, "\r\n\t\x00\\") {
			t.Errorf("%q leads to %v, %v", path, to, err)
		}
	})
}
