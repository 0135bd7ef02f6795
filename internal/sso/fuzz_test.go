package sso_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/testall"
)

// fuzzedAt is when fuzzed messages are judged: what was kept of an earlier run
// must not have expired.
var fuzzedAt = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

// FuzzResponse: no message panics, and whatever gets in is who signed in. Where
// nothing is fuzzed, TestAttackMessages says the same of every seed.
func FuzzResponse(f *testing.F) {
	now := fuzzedAt
	seeds := attack.Variants()
	for _, i := range testall.Sample(f, 30, len(seeds)) {
		v := seeds[i]
		s := newScene(now)
		if v.Row == 14 {
			continue
		}
		message := []byte(v.Mint(&s))
		f.Add(message)
		if code, name := ours(f, message, newScene(now), v.AssertionOnly); v.Name == "honest" && (code != "" || name != "alice") {
			f.Fatalf("the honest message, unchanged, is judged %q: the fuzzer would never get behind the signatures", code)
		}
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		for _, assertionOnly := range []bool{false, true} {
			// The names that the variants have signed properly.
			if code, name := ours(t, message, newScene(now), assertionOnly); code == "" && name != "alice" && name != "bob" {
				t.Errorf("%q was let in", name)
			}
		}
	})
}

// FuzzMetadata: metadata that is brought never panics, and what is taken has
// what a login needs.
func FuzzMetadata(f *testing.F) {
	f.Add([]byte(sceneMetadata()))
	files, err := filepath.Glob("../*/testdata/*.xml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(strings.Replace(sceneMetadata(), ` use="signing"`, "", 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		idp, err := sso.ParseMetadata(text, sso.MetadataOptions{Now: time.Now()})
		if err != nil {
			return
		}
		if len(idp.Certificates) == 0 || idp.EntityID == "" || !strings.HasPrefix(idp.RedirectURL+idp.PostURL, "https://") {
			t.Errorf("taken without what a login needs: %+v", idp)
		}
	})
}
