package kit

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/bodytest"
)

// forms are bodies of forms; each is read as the console reads one.
func forms() map[string]bodytest.Body {
	repeated := func(before, inner, after string) bodytest.Body {
		return func(n int) []byte { return []byte(before + strings.Repeat(inner, n*24000/len(inner)) + after) }
	}
	const part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nc\r\n"
	return map[string]bodytest.Body{
		"fields":             repeated("", "a=b&", "c=d"),
		"one name":           repeated("", "a", "=b"),
		"one value":          repeated("a=", "b", ""),
		"escapes":            repeated("a=", "%41", ""),
		"broken escapes":     repeated("a=", "%", ""),
		"signs between":      repeated("", "&", "a=b"),
		"passwords":          repeated("", "password=b&", "c=d"),
		"parts":              repeated("", part, "--b--\r\n"),
		"a part":             repeated("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n", "c", "\r\n--b--\r\n"),
		"almost a part":      repeated("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n", "\r\n--", "\r\n--b--\r\n"),
		"a file":             repeated("--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"f\"\r\n\r\n", "c\r\n", "\r\n--b--\r\n"),
		"headers of a part":  repeated("--b\r\n", "X: y\r\n", "\r\nc\r\n--b--\r\n"),
		"a part without end": repeated("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n", "c", ""),
	}
}

func readForm(data []byte) {
	kind := "application/x-www-form-urlencoded"
	if bytes.HasPrefix(data, []byte("--b")) {
		kind = "multipart/form-data; boundary=b"
	}
	r := httptest.NewRequest(http.MethodPost, "/users", bytes.NewReader(data)) //nolint:noctx // nothing waits
	r.Header.Set("Content-Type", kind)
	_, _ = ReadResumed(r)
}

func TestRow30Forms(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for name, body := range forms() { //nolint:paralleltest // see above
		t.Run(name, func(t *testing.T) { bodytest.Linear(t, body, readForm) })
	}
}

func BenchmarkRow30Forms(b *testing.B) {
	for name, body := range forms() {
		b.Run(name, func(b *testing.B) { bodytest.Bench(b, body, readForm) })
	}
}
