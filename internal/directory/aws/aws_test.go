package aws

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

var testKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// world is a simulated AWS with the application of a connection, and what stands
// between it and the reader.
type world struct {
	t      *testing.T
	sim    *awssim.Simulator
	app    *awssim.Application
	url    string
	access awssim.Access

	mu sync.Mutex
	// before is told the action of each request, and how many times it came with this
	// one; it may answer in place of the simulator.
	before func(w http.ResponseWriter, r *http.Request, action string, n int) (answered bool)
	counts map[string]int
}

func newWorld(t *testing.T, settings *awssim.Settings) *world {
	t.Helper()
	w := &world{t: t, counts: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		name := r.Header.Get("X-Amz-Target")
		name = strings.NewReplacer("AWSIdentityStore.", "identitystore:", "SWBExternalService.", "sso:").Replace(name)
		if name == "" {
			name = "sts:"
		}
		w.mu.Lock()
		w.counts[name]++
		n, before := w.counts[name], w.before
		w.mu.Unlock()
		if before != nil && before(rw, r, name, n) {
			return
		}
		w.sim.Handler().ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	sim, err := awssim.New(awssim.Options{BaseURL: server.URL, Settings: settings,
		NewKey: func(int) (*rsa.PrivateKey, error) { return testKey() }})
	if err != nil {
		t.Fatal(err)
	}
	w.sim, w.url, w.access = sim, server.URL, sim.Access()
	if w.app, err = sim.AddApplication(awssim.StandardApplication("Postern", "https://sso.example/acs", "https://sso.example/")); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) options() Options {
	return Options{
		Settings:    model.AWSSettings{Region: w.access.Region, IdentityStoreID: w.access.IdentityStoreID, Endpoint: w.url},
		Keys:        Keys{AccessKeyID: w.access.AccessKeyID, SecretAccessKey: w.access.SecretAccessKey},
		Groups:      model.GroupMapping{Mode: model.GroupsSame},
		Application: w.sim.MetadataURL(w.app.ID),
	}
}

// reader is one that does not wait as long as a real one.
func (w *world) reader(change ...func(*Options)) *Reader {
	w.t.Helper()
	o := w.options()
	for _, c := range change {
		c(&o)
	}
	r, err := New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	r.limits.rate, r.limits.burst, r.limits.backoff = 100_000, 100_000, time.Millisecond
	return r
}

func (w *world) update(change func(*awssim.Settings)) {
	w.t.Helper()
	if err := w.sim.UpdateSettings(change); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) intercept(f func(w http.ResponseWriter, r *http.Request, action string, n int) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before, w.counts = f, map[string]int{}
}

func (w *world) count(action string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[action]
}

// fail answers with an error of AWS.
func fail(w http.ResponseWriter, status int, kind, message string) bool {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"__type":"` + kind + `","Message":"` + message + `"}`))
	return true
}

func answer(w http.ResponseWriter, body string) bool {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_, _ = w.Write([]byte(body))
	return true
}

func (w *world) read(r *Reader) model.Reading {
	w.t.Helper()
	reading, err := r.Read(w.t.Context(), nil)
	if err != nil {
		w.t.Fatalf("%v (%+v)", err, errors.Unwrap(err))
	}
	return reading
}

// refused reads what has to fail, and checks that no error holds a secret.
func (w *world) refused(r *Reader, reason string, incomplete bool) *directory.ReadError {
	w.t.Helper()
	reading, err := r.Read(w.t.Context(), nil)
	var e *directory.ReadError
	if !errors.As(err, &e) {
		w.t.Fatalf("want %s, got %v with %d people", reason, err, len(reading.People))
	}
	if e.Reason != reason || e.Incomplete != incomplete || len(reading.People) != 0 {
		w.t.Errorf("got %s (incomplete %v) with %d people, want %s (%v): %s (%v)", e.Reason, e.Incomplete, len(reading.People), reason, incomplete, e.Detail, e.Err)
	}
	noSecrets(w.t, r, e)
	return e
}

func by(people []model.SourcePerson, username string) model.SourcePerson {
	at := slices.IndexFunc(people, func(p model.SourcePerson) bool { return p.Username == username })
	if at < 0 {
		return model.SourcePerson{}
	}
	return people[at]
}

func group(reading model.Reading, name string) model.SourceGroup {
	at := slices.IndexFunc(reading.Groups, func(g model.SourceGroup) bool { return g.Name == name })
	if at < 0 {
		return model.SourceGroup{}
	}
	return reading.Groups[at]
}
