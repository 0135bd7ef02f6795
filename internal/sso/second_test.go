package sso

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
)

// TestRow31TheSecondVerifierSaysTheSame: of every message of the attacks, and of an honest
// one with bytes changed, whatever is accepted is accepted by the former verifier, and
// read in the same way.
func TestRow31TheSecondVerifierSaysTheSame(t *testing.T) {
	t.Parallel()
	key, der := fuzzedKey()
	stranger, other := attack.FixedKey(2)
	c, err := parseCertificate(der, fuzzedAt)
	if err != nil {
		t.Fatal(err)
	}
	accepted := 0
	ask := func(name string, message []byte) {
		for _, signatures := range []model.SignatureRequirement{model.SignaturesBoth, model.SignaturesAssertion} {
			trust := Trust{Certificates: []Certificate{c}, RequireSignatures: signatures}
			m, _, refusal := Open(message, trust)
			if refusal != nil {
				continue
			}
			accepted++
			second, refusal := openSecond(message, trust)
			if refusal != nil {
				t.Errorf("%s: accepted, and the second verifier says %v", name, refusal)
			} else if !reflect.DeepEqual(m, second) {
				t.Errorf("%s: read as\n%+v\nand by the second verifier as\n%+v", name, m, second)
			}
		}
	}
	for _, v := range attack.Variants() {
		ask(v.Name, []byte(v.Mint(&attack.Scene{ACS: fuzzedACS, Audience: fuzzedSP, Issuer: fuzzedIdP, Request: "_request", Now: fuzzedAt,
			Key: key, Certificate: der, AttackerKey: stranger, AttackerCertificate: other})))
	}
	honest := []byte(signedSeed(""))
	random := rand.New(rand.NewPCG(3, 3)) //nolint:gosec // to be repeated, not to be secret
	for range 3000 {
		changed := append([]byte{}, honest...)
		changed[random.IntN(len(changed))] = byte(9 + random.IntN(118))
		ask("changed", changed)
	}
	if accepted < 20 {
		t.Errorf("only %d were accepted", accepted)
	}
}

// TestSecondOpinion: with it, what only the first verifier accepts, or reads in another
// way, is refused.
func TestSecondOpinion(t *testing.T) {
	t.Parallel()
	_, der := fuzzedKey()
	c, err := parseCertificate(der, fuzzedAt)
	if err != nil {
		t.Fatal(err)
	}
	honest, trust := []byte(signedSeed("")), Trust{Certificates: []Certificate{c}, RequireSignatures: model.SignaturesBoth, SecondOpinion: true}
	m, _, refusal := Open(honest, trust)
	if refusal != nil {
		t.Fatalf("the honest message: %v", refusal)
	}
	if r := secondOpinion(m, []byte(strings.Replace(string(honest), "alice", "mallory", 1)), trust); r == nil || r.Code != model.CodeMalformedResponse {
		t.Errorf("refused by the second: %v", r)
	}
	m.parsed.nameID = "mallory"
	if r := secondOpinion(m, honest, trust); r == nil {
		t.Error("read in another way, and accepted")
	}
}
