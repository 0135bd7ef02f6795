package onepass

import (
	"crypto/rsa"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
)

var fuzzedAt = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

// trusted signs what is honest.
var trusted = sync.OnceValues(func() (*rsa.PrivateKey, []byte) { return attack.FixedKey(1) })

func scene() attack.Scene {
	key, certificate := trusted()
	return attack.Scene{ACS: "https://sso.example.com/acs", Audience: "https://sso.example.com/metadata", Issuer: "https://idp.example.com",
		Request: "_request", Now: fuzzedAt, Key: key, Certificate: certificate}
}

func honest() string {
	s := scene()
	return attack.WithAttributes(&s, "")
}

// executions is how many messages are made: a sample, or POSTERN_FUZZ of them.
func executions(t *testing.T, sample int) int {
	t.Helper()
	text := os.Getenv("POSTERN_FUZZ")
	if text == "" {
		return sample
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRow31CanonicalFormsOfChangedMessages: whatever is canonicalized has goxmldsig's
// canonical forms, to the byte.
func TestRow31CanonicalFormsOfChangedMessages(t *testing.T) {
	t.Parallel()
	seeds, n := seedsOf(honest()), executions(t, 20_000)
	for _, s := range seeds {
		if !compare(t, []byte(s)) {
			t.Fatalf("a seed is not in the language: %s", s)
		}
	}
	var next, inLanguage atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1); i <= int64(n) && !t.Failed(); i = next.Add(1) {
				if compare(t, []byte(mutated(seeds, uint64(i)))) { //nolint:gosec // positive
					inLanguage.Add(1)
				}
			}
		})
	}
	workers.Wait()
	t.Logf("%d messages, of which %d are in the language", n, inLanguage.Load())
	if inLanguage.Load() < int64(n)/10 {
		t.Error("too few are in the language to say anything")
	}
}

// FuzzRead: nothing panics, and what is canonicalized has goxmldsig's forms.
func FuzzRead(f *testing.F) {
	for _, s := range seedsOf(honest()) {
		f.Add([]byte(s))
	}
	for i := range uint64(20) {
		f.Add([]byte(mutated(seedsOf(honest()), i)))
	}
	f.Fuzz(func(t *testing.T, message []byte) { compare(t, message) })
}

// sealedAnew gives a message digests and signatures that fit; false where it is not in
// the language, or has not both signatures.
func sealedAnew(t testing.TB, text string) (string, bool) {
	t.Helper()
	for _, p := range []Part{TheAssertion, WholeResponse} {
		for _, what := range []Kind{digestValue, signatureValue} {
			d, err := Read([]byte(text))
			if err != nil || !d.Signed(p) {
				return "", false
			}
			own := Element{d, d.child(d.parts[p].node, signature)}
			node := own.find(signatureValue)
			if what == digestValue {
				node = own.find(signedInfo, reference, digestValue)
			}
			at := d.nodes[node.n].text
			if at.to == 0 {
				return "", false
			}
			text = text[:at.from] + d.fitting(t, p, what) + text[at.to:]
		}
	}
	return text, true
}

// TestRow31EveryByteCounts: an honest message with one byte changed never verifies as
// something else than it was.
func TestRow31EveryByteCounts(t *testing.T) {
	t.Parallel()
	key, _ := trusted()
	message := honest()
	want := valuesOf(t, message, key)
	for at := range len(message) {
		for bit := range 8 {
			if testing.Short() && (at*8+bit)%7 != 0 {
				continue
			}
			changed := []byte(message)
			changed[at] ^= 1 << bit
			d, err := Read(changed)
			if err != nil {
				continue
			}
			if _, ok := d.Verify(WholeResponse, &key.PublicKey); !ok {
				continue
			}
			if _, ok := d.Verify(TheAssertion, &key.PublicKey); !ok {
				continue
			}
			if got := values(d.Claimed(WholeResponse)); got != want {
				t.Errorf("bit %d of byte %d (%q) makes it say\n%s", bit, at, message[max(0, at-20):at+1], got)
			}
			compare(t, changed)
		}
	}
}

func valuesOf(t testing.TB, message string, key *rsa.PrivateKey) string {
	t.Helper()
	d, err := Read([]byte(message))
	if err != nil {
		t.Fatal(err)
	}
	e, ok := d.Verify(WholeResponse, &key.PublicKey)
	if !ok {
		t.Fatal("the honest message does not verify")
	}
	return values(e)
}

// values is everything that a caller can read, signatures excepted.
func values(e Element) string {
	var b strings.Builder
	var walk func(Element)
	walk = func(e Element) {
		if e.Kind() >= signature {
			return
		}
		b.WriteString(grammar[e.Kind()].local + "(")
		n := &e.d.nodes[e.n]
		for i := n.attrs.from; i < n.attrs.to; i++ {
			name := string(e.d.bytes(e.d.attrs[i].name))
			value, _ := e.Attr(name)
			b.WriteString(name + "=" + strconv.Quote(value) + " ")
		}
		if grammar[e.Kind()].text {
			b.WriteString(strconv.Quote(e.Text()))
		}
		for c := range e.Children() {
			walk(c)
		}
		b.WriteString(")")
	}
	walk(e)
	return b.String()
}
