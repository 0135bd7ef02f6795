package awssim

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// browser keeps cookies, and follows redirects within the simulator only.
type browser struct {
	t      *testing.T
	url    string
	client *http.Client
	accept string
}

func newBrowser(t *testing.T, s *Simulator) *browser {
	t.Helper()
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, url: server.URL, accept: "text/html"}
	b.client = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), server.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return b
}

// answer is what the browser shows.
type answer struct {
	status   int
	path     string // after redirects
	location string // of a redirect to another site
	body     string
	header   http.Header
	*goquery.Document
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	r.Header.Set("Accept", b.accept)
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Request.URL.Path, res.Header.Get("Location"), string(body), res.Header, doc}
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(path string, form url.Values, header ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

func (b *browser) signIn(username string) {
	b.t.Helper()
	if a := b.post("/signin", url.Values{"username": {username}}); a.status != http.StatusOK || a.path != "/start" {
		b.t.Fatalf("sign in as %s: %d at %s", username, a.status, a.path)
	}
}

// filled returns the values of the form with this action as a browser would
// send them, without its buttons.
func (a answer) filled(t *testing.T, action string) url.Values {
	t.Helper()
	form := a.Find(`form[action="` + action + `"]`).First()
	if form.Length() == 0 {
		t.Fatalf("no form for %s at %s", action, a.path)
	}
	values := url.Values{}
	form.Find("input[name], select[name], textarea[name]").Each(func(_ int, e *goquery.Selection) {
		name := e.AttrOr("name", "")
		_, disabled := e.Attr("disabled")
		_, checked := e.Attr("checked")
		kind := e.AttrOr("type", "text")
		switch {
		case disabled || kind == "file" || ((kind == "checkbox" || kind == "radio") && !checked):
		case goquery.NodeName(e) == "select":
			option := e.Find("option[selected]").First()
			if option.Length() == 0 {
				option = e.Find("option").First()
			}
			values.Add(name, option.AttrOr("value", option.Text()))
		default:
			values.Add(name, e.AttrOr("value", ""))
		}
	})
	return values
}

// redirectQuery is the query of a request by the HTTP-Redirect binding.
func redirectQuery(t *testing.T, request, relayState string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, request); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return "?" + url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString(b.Bytes())}, "RelayState": {relayState}}.Encode()
}

// assertionPath is the path of the sign-in URL.
func assertionPath(s *Simulator, app *Application) string {
	return strings.TrimPrefix(s.SignInURL(app.ID), "http://localhost:8081")
}
