package scim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory/scim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var tester = storetest.Actor

// site is a server with a source that is pushed to.
type site struct {
	t       testing.TB
	store   *store.Store
	handler http.Handler
	now     time.Time
	slug    string
	token   string
	address string            // that the client asks from
	ids     map[string]string // of resources, by the names that a table gives them
}

const publicURL = "https://postern.example"

// newSite makes the source "entra"; change may make it another.
func newSite(t testing.TB, st *store.Store, change func(*model.Source)) *site {
	t.Helper()
	s := &site{t: t, store: st, now: time.Now().UTC().Truncate(time.Microsecond), slug: "entra", address: "192.0.2.7", ids: map[string]string{}}
	s.handler = scim.New(scim.Options{
		Store: st, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return s.now }, PublicURL: publicURL,
		RemoteAddr: func(r *http.Request) string { host, _, _ := net.SplitHostPort(r.RemoteAddr); return host },
	})
	src := model.NewSource(model.SourceSCIM)
	src.Slug, src.Name, src.Status = s.slug, "Entra ID", model.SourceLive
	if change != nil {
		change(&src)
	}
	s.slug = src.Slug
	_, err := st.CreateSource(context.Background(), tester, src)
	s.must(err)
	s.token, _, err = st.MakeSCIMToken(context.Background(), tester, s.slug, time.Time{})
	s.must(err)
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// reply is an answer, read.
type reply struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// request is one below the source's address. Names in braces stand for ids.
func (s *site) request(method, path, body string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), method, publicURL+scim.BasePath(s.slug)+s.filled(path), strings.NewReader(s.filled(body)))
	r.RemoteAddr = net.JoinHostPort(s.address, "1234")
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", "application/scim+json")
	return r
}

func (s *site) filled(text string) string {
	for name, id := range s.ids {
		text = strings.ReplaceAll(text, "{"+name+"}", id)
	}
	return text
}

func (s *site) send(r *http.Request) reply {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	res := w.Result()
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	s.must(err)
	got := reply{status: res.StatusCode, header: res.Header, text: string(data)}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &got.body); err != nil {
			s.t.Fatalf("the answer is no JSON: %s", data)
		}
	}
	return got
}

func (s *site) ask(method, path, body string) reply {
	s.t.Helper()
	return s.send(s.request(method, path, body))
}

// step is one request of a sequence and what must come back.
type step struct {
	why    string
	method string
	path   string // with its query as it goes over the wire, but for blanks and quotation marks
	body   string
	status int
	want   string // JSON that the answer has, among other things; a list must be the same
	absent string // keys that the answer must not have, with blanks between
	is     string // the name under which the answer's id is known from here on
}

// run plays a sequence.
func (s *site) run(steps []step) {
	s.t.Helper()
	for i, st := range steps {
		name := fmt.Sprintf("%d (%s): %s %s", i+1, st.why, st.method, st.path)
		got := s.ask(st.method, wire(st.path), st.body)
		if got.status != st.status {
			s.t.Fatalf("%s: status %d, want %d: %s", name, got.status, st.status, got.text)
		}
		if st.is != "" {
			s.ids[st.is], _ = got.body["id"].(string)
		}
		if st.want != "" {
			var want any
			if err := json.Unmarshal([]byte(s.filled(st.want)), &want); err != nil {
				s.t.Fatalf("%s: %v", name, err)
			}
			if miss := missing(want, got.body, ""); miss != "" {
				s.t.Errorf("%s: %s in %s", name, miss, got.text)
			}
		}
		for key := range strings.FieldsSeq(st.absent) {
			if _, there := got.body[key]; there {
				s.t.Errorf("%s: %s is there: %s", name, key, got.text)
			}
		}
	}
}

// wire escapes what a URL cannot have.
func wire(path string) string {
	return strings.NewReplacer(" ", "%20", `"`, "%22", "[", "%5B", "]", "%5D").Replace(path)
}

// missing says where one value is not found in another.
func missing(want, got any, at string) string {
	switch want := want.(type) {
	case map[string]any:
		o, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v", at, got)
		}
		for key, v := range want {
			if miss := missing(v, o[key], at+"."+key); miss != "" {
				return miss
			}
		}
		return ""
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Sprintf("%s is %v, want %v", at, got, want)
		}
		for i := range want {
			if miss := missing(want[i], list[i], fmt.Sprintf("%s[%d]", at, i)); miss != "" {
				return miss
			}
		}
		return ""
	}
	if want != got {
		return fmt.Sprintf("%s is %v, want %v", at, got, want)
	}
	return ""
}

// newBare is newSite on a database of its own.
func newBare(t *testing.T) *site {
	t.Helper()
	return newSite(t, storetest.Open(t), nil)
}
