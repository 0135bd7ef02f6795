package sso_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// Every forged message is refused for the reason that it was made for, and every
// honest one gets in. web's tests send some of them over HTTP.
func TestAttackMessages(t *testing.T) {
	t.Parallel()
	for _, v := range attack.Variants() {
		t.Run(fmt.Sprintf("row %d/%s", v.Row, v.Name), func(t *testing.T) {
			t.Parallel()
			s := newScene(fuzzedAt)
			if v.Unsolicited {
				s.Request = ""
			}
			message := []byte(v.Mint(&s))
			got := judged(t, message, s, v.AssertionOnly)
			if got.code() != v.Want {
				t.Fatalf("judged %q, want %q: %+v", got.code(), v.Want, got.refusal)
			}
			if v.Want == "" {
				got.wantAlice(t)
			} else {
				got.wantRefused(t)
			}
			// A connection that demands other signatures may judge otherwise, but lets in nobody else.
			if other := judged(t, message, s, !v.AssertionOnly); other.refusal == nil {
				other.wantAlice(t)
			}
		})
	}
}

// wantAlice holds for every message that gets in: the person is she whom AWS
// signed, and nothing was found amiss.
func (v verdict) wantAlice(t *testing.T) {
	t.Helper()
	id := v.identity
	if id == nil || v.person.Username != "alice" || id.NameID != "alice" || v.person.Email != "alice@example.com" || v.person.ExternalID != "id-alice" {
		t.Fatalf("somebody else than alice: %+v %+v", id, v.person)
	}
	if want := sceneProvider().Certificates[0].Fingerprint; id.SignedBy != want || id.Issuer != sceneIdP || id.AssertionID == "" {
		t.Errorf("signed by %s for %s, want %s: %+v", id.SignedBy, id.Issuer, want, id)
	}
	for _, c := range v.checks {
		if c.State == model.CheckFailed || c.Title == c.ID || c.Title == "" {
			t.Errorf("check %+v", c)
		}
	}
}

// wantRefused holds for every refusal: nobody comes out of it, and the evidence
// says why.
func (v verdict) wantRefused(t *testing.T) {
	t.Helper()
	if v.identity != nil {
		t.Errorf("refused, and yet it names %+v", v.identity)
	}
	first := slices.IndexFunc(v.checks, func(c model.Check) bool { return c.State == model.CheckFailed })
	if first < 0 {
		t.Fatalf("refused with %+v, and no check failed: %+v", v.refusal, v.checks)
	}
	if c := v.checks[first]; c.Code != v.refusal.Code || c.Received != v.refusal.Received || c.Expected != v.refusal.Expected {
		t.Errorf("the first check that failed is %+v, and the refusal %+v", c, v.refusal)
	}
	for _, c := range v.checks {
		if c.Title == c.ID || c.Title == "" || (c.State == model.CheckFailed) != (c.Code != "") {
			t.Errorf("check %+v", c)
		}
	}
	if r := v.refusal; r.Detail+r.Received == "" || len(r.Received) > 600 || !utf8.ValidString(r.Received) || strings.Contains(r.Detail, "<") {
		t.Errorf("evidence that cannot be shown: %+v", r)
	}
	if sso.Explain(v.refusal.Code).Code != v.refusal.Code {
		t.Errorf("%s has no words", v.refusal.Code)
	}
}
