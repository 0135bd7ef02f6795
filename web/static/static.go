// Package static serves the files that pages refer to: Postern's own style
// sheet and scripts, and the vendored ones. They are part of the program.
//
// A file's address holds a hash of its content, so that browsers keep it for
// ever and never see an old one after an update.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// prefix is where the site mounts Handler.
const prefix = "/static/"

//go:embed css *.js *.svg vendor
var files embed.FS

// file is one file as it is served.
type file struct {
	hash        string // 16 hexadecimal digits of the SHA-256 of content
	contentType string
	content     []byte
	gzipped     []byte // nil when it gains nothing
}

// sheets are the files that app.css is made of, in their order.
var sheets = []string{ //nolint:gochecknoglobals // a table
	"tokens", "base", "shell", "forms", "lists", "parts", "checks", "setup", "logins", "charts", "pages", "aws",
}

// table holds every embedded file by name, made at first use. The style sheet
// comes last, because it names the addresses of others.
var table = sync.OnceValue(func() map[string]file {
	all := map[string]file{}
	// The walk is over memory: it fails only for a name that is not there.
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Dir(name) == "css" {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		all[name] = newFile(name, content)
		return nil
	})
	all["app.css"] = newFile("app.css", styles(all))
	return all
})

func newFile(name string, content []byte) file {
	sum := sha256.Sum256(content)
	return file{hash: hex.EncodeToString(sum[:8]), contentType: contentType(name), content: content, gzipped: compress(content)}
}

// asset is how a style sheet names a file.
var asset = regexp.MustCompile(`url\("([^":]+)"\)`)

// styles joins the style sheets, and gives the files that they name the
// addresses under which browsers keep them.
func styles(all map[string]file) []byte {
	var out bytes.Buffer
	for _, name := range sheets {
		content, _ := files.ReadFile("css/" + name + ".css") // TestEveryStyleSheetIsServed
		out.Write(asset.ReplaceAllFunc(content, func(m []byte) []byte {
			named := string(asset.FindSubmatch(m)[1])
			return []byte(`url("` + address(all, named) + `")`)
		}))
	}
	return out.Bytes()
}

// contentType does not ask the machine's MIME tables, which differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json":
		return "application/json"
	case ".woff2":
		return "font/woff2"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// compress returns content gzipped, or nil when that is not smaller.
func compress(content []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(content); err != nil {
		return nil
	}
	if err := w.Close(); err != nil || out.Len() >= len(content) {
		return nil
	}
	return out.Bytes()
}

// Path is the address of the file with this name, for example
// "vendor/htmx.min.js". For a name that does not exist it is an address that
// answers 404.
func Path(name string) string { return address(table(), name) }

func address(all map[string]file, name string) string {
	f, ok := all[name]
	if !ok {
		return prefix + "missing/" + name
	}
	return prefix + f.hash + "/" + name
}

// Handler serves the addresses that Path gives. Under another hash (a page of
// another release asks during an update) it serves the file that it has, and
// forbids to keep it. It lists nothing.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, prefix), "/")
		f, ok := table()[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
			return
		}
		f.serve(w, r, hash == f.hash)
	})
}

// serve writes the file. current says that its address holds its own hash.
func (f file) serve(w http.ResponseWriter, r *http.Request, current bool) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if current {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, tag := f.content, `"`+f.hash+`"`
	if f.gzipped != nil && acceptsGzip(r) {
		body, tag = f.gzipped, `"`+f.hash+`-gzip"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the browser has gone: nobody to tell
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3).
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, params, err := mime.ParseMediaType("x/" + strings.TrimSpace(part))
		if err != nil || coding != "x/gzip" {
			continue
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		return params["q"] == "" || err == nil && q > 0
	}
	return false
}
