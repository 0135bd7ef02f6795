package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func get(t *testing.T, method, url string, header map[string]string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, url, nil)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r io.Reader) []byte {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestPathAndHandlerAgree(t *testing.T) {
	t.Parallel()
	for name, wantType := range map[string]string{
		"app.js":                   "text/javascript; charset=utf-8",
		"vendor/tabler.min.css":    "text/css; charset=utf-8",
		"vendor/htmx.min.js":       "text/javascript; charset=utf-8",
		"vendor/htmx.LICENSE.txt":  "text/plain; charset=utf-8",
		"vendor/inter.latin.woff2": "font/woff2",
		"vendor/tabler-icons.svg":  "image/svg+xml",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := Path(name)
			if !regexp.MustCompile(`^/static/[0-9a-f]{16}/` + regexp.QuoteMeta(name) + `$`).MatchString(url) {
				t.Errorf("Path gives %q", url)
			}
			res := get(t, http.MethodGet, url, nil)
			want, err := os.ReadFile(filepath.FromSlash(name))
			if err != nil {
				t.Fatal(err)
			}
			if got := body(t, res.Body); res.StatusCode != http.StatusOK || !bytes.Equal(got, want) {
				t.Errorf("status %d, %d bytes, want 200 and %d bytes", res.StatusCode, len(got), len(want))
			}
			if got := res.Header.Get("Content-Type"); got != wantType {
				t.Errorf("type %q, want %q", got, wantType)
			}
			if got := res.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
				t.Errorf("Cache-Control %q, want it immutable", got)
			}
		})
	}
}

// Every file of the folder is part of app.css, and what they name is served
// under an address that browsers may keep.
func TestEveryStyleSheetIsServed(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("css")
	if err != nil {
		t.Fatal(err)
	}
	served := string(body(t, get(t, http.MethodGet, Path("app.css"), nil).Body))
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".css")
		content, err := os.ReadFile(filepath.Join("css", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		last := content[bytes.LastIndexByte(bytes.TrimSpace(content), '\n')+1:]
		if !slices.Contains(sheets, name) || !strings.Contains(served, string(last)) {
			t.Errorf("%s is not part of app.css", e.Name())
		}
	}
	if len(entries) != len(sheets) {
		t.Errorf("%d files, %d in the list", len(entries), len(sheets))
	}
	named := regexp.MustCompile(`url\("(/static/[^"]+)"\)`).FindAllStringSubmatch(served, -1)
	if len(named) < 2 {
		t.Errorf("the fonts are not named: %v", named)
	}
	for _, m := range named {
		if res := get(t, http.MethodGet, m[1], nil); res.StatusCode != http.StatusOK || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: status %d, %s", m[1], res.StatusCode, res.Header.Get("Cache-Control"))
		}
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"gzip":                 true,
		"br, gzip;q=0.5":       true,
		"":                     false,
		"br":                   false,
		"gzip;q=0, identity":   false,
		"gzip; q=0.000, br":    false,
		"deflate, gzip, ; , =": true,
	} {
		t.Run(accept, func(t *testing.T) {
			t.Parallel()
			res := get(t, http.MethodGet, Path("vendor/tabler.min.css"), map[string]string{"Accept-Encoding": accept})
			if got := res.Header.Get("Content-Encoding") == "gzip"; got != want {
				t.Fatalf("gzip: %v, want %v", got, want)
			}
			if !want {
				return
			}
			z, err := gzip.NewReader(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := body(t, z); !bytes.Equal(got, table()["vendor/tabler.min.css"].content) {
				t.Error("the compressed file differs from the plain one")
			}
		})
	}
}

func TestConditionalRequest(t *testing.T) {
	t.Parallel()
	url := Path("app.css")
	tag := get(t, http.MethodGet, url, nil).Header.Get("ETag")
	res := get(t, http.MethodGet, url, map[string]string{"If-None-Match": tag})
	if res.StatusCode != http.StatusNotModified || len(body(t, res.Body)) != 0 {
		t.Errorf("status %d, want 304 without a body", res.StatusCode)
	}
}

func TestAnotherReleasesHashIsServedButNotKept(t *testing.T) {
	t.Parallel()
	res := get(t, http.MethodGet, "/static/0000000000000000/app.css", nil)
	if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("status %d, Cache-Control %q", res.StatusCode, res.Header.Get("Cache-Control"))
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	hash := strings.Split(Path("app.css"), "/")[2]
	for _, url := range []string{
		"/static/", "/static/" + hash, "/static/" + hash + "/", "/static/" + hash + "/vendor", "/static/" + hash + "/vendor/",
		"/static/" + hash + "/static.go", "/static/" + hash + "/../static.go", "/static/" + hash + "/nothing.css", Path("nothing.css"),
	} {
		if res := get(t, http.MethodGet, url, nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", url, res.StatusCode)
		}
	}
	if res := get(t, http.MethodPost, Path("app.css"), nil); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d, want 405", res.StatusCode)
	}
	head := get(t, http.MethodHead, Path("app.css"), nil)
	if head.StatusCode != http.StatusOK || len(body(t, head.Body)) != 0 {
		t.Errorf("HEAD: status %d, want 200 without a body", head.StatusCode)
	}
}

// vendored is one line of vendor.json.
type vendored struct {
	File, Package, Version, License, SHA256 string
}

func vendorList(t *testing.T) []vendored {
	t.Helper()
	text, err := os.ReadFile("vendor/vendor.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []vendored
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// The committed files are the ones that the pinned packages hold.
func TestVendoredFilesMatchTheirHashes(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{"vendor.json": true}
	for _, v := range vendorList(t) {
		listed[v.File] = true
		content, err := os.ReadFile(filepath.Join("vendor", v.File))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(content)
		if got := hex.EncodeToString(sum[:]); got != v.SHA256 {
			t.Errorf("%s was changed: SHA-256 %s, want %s. Run make assets", v.File, got, v.SHA256)
		}
		if bytes.Contains(content, []byte("sourceMappingURL")) {
			t.Errorf("%s names a source map, which is not served", v.File)
		}
	}
	entries, err := os.ReadDir("vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !listed[e.Name()] && !strings.HasSuffix(e.Name(), ".LICENSE.txt") {
			t.Errorf("%s is in the folder, but not in vendor.json", e.Name())
		}
	}
}

func TestVendoredVersionsArePinned(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../package.json")
	if err != nil {
		t.Fatal(err)
	}
	var pkg struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &pkg); err != nil {
		t.Fatal(err)
	}
	taken := map[string]bool{}
	for _, v := range vendorList(t) {
		taken[v.Package] = true
		if got := pkg.Dependencies[v.Package]; got != v.Version {
			t.Errorf("package.json asks for %s %q, vendored is %q. Run make assets", v.Package, got, v.Version)
		}
	}
	for name := range pkg.Dependencies {
		if !taken[name] {
			t.Errorf("nothing is taken of %s", name)
		}
	}
}

// Where the npm packages are installed, the vendored files are theirs, less
// the comment that names the source map.
func TestVendoredFilesMatchThePackages(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("../../node_modules"); err != nil {
		t.Skip("npm packages are not installed:", err)
	}
	comment := regexp.MustCompile(`/\*# sourceMappingURL=[^*]*\*/`)
	for file, from := range map[string]string{
		"tabler.min.css":           "@tabler/core/dist/css/tabler.min.css",
		"htmx.min.js":              "htmx.org/dist/htmx.min.js",
		"htmx.LICENSE.txt":         "htmx.org/LICENSE",
		"inter.latin.woff2":        "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
		"inter.latin-ext.woff2":    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
		"inter.LICENSE.txt":        "@fontsource-variable/inter/LICENSE",
		"tabler-icons.LICENSE.txt": "@tabler/icons/LICENSE",
	} {
		original, err := os.ReadFile(filepath.Join("../../node_modules", from))
		if err != nil {
			t.Fatalf("%v. Run scripts/setup test", err)
		}
		want := comment.ReplaceAll(original, nil)
		if got, err := os.ReadFile(filepath.Join("vendor", file)); err != nil || !bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(want)) {
			t.Errorf("%s is not what the package holds (%v). Run make assets", file, err)
		}
	}
}
