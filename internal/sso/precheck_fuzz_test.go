package sso

import (
	"crypto/rsa"
	"encoding/xml"
	"flag"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/testall"
)

// mostAllocated is what may be allocated behind the pre-check, in bytes.
const mostAllocated = 64 << 20

// fuzzedKey signs the honest seeds, and is trusted.
var fuzzedKey = sync.OnceValues(func() (*rsa.PrivateKey, []byte) { return attack.FixedKey(1) })

var fuzzedAt = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

const fuzzedIdP, fuzzedSP, fuzzedACS = "https://idp.example.com", "https://sso.example.com/saml/aws/metadata", "https://sso.example.com/saml/aws/acs"

// signedSeed is an honest message with more attributes.
func signedSeed(attributes string) string {
	key, certificate := fuzzedKey()
	return attack.WithAttributes(&attack.Scene{ACS: fuzzedACS, Audience: fuzzedSP, Issuer: fuzzedIdP, Request: "_request", Now: fuzzedAt,
		Key: key, Certificate: certificate}, attributes)
}

// judgeSeed takes a message the whole way.
func judgeSeed(t testing.TB, data []byte, signatures model.SignatureRequirement) *model.Refusal {
	_, der := fuzzedKey()
	c, err := parseCertificate(der, fuzzedAt)
	if err != nil {
		t.Fatal(err)
	}
	m, _, refusal := Open(data, Trust{Certificates: []Certificate{c}, RequireSignatures: signatures})
	if refusal != nil {
		return refusal
	}
	id, _, refusal := m.Judge(Expectations{EntityID: fuzzedSP, ACSURL: fuzzedACS, IdPEntityID: fuzzedIdP, Now: fuzzedAt, ClockSkew: 3 * time.Minute,
		Request: &PendingRequest{ID: "_request"}})
	if refusal != nil {
		return refusal
	}
	cfg := model.DefaultConfig("x")
	cfg.Attributes = model.WizardAttributes()
	_, _, refusal = MapAttributes(cfg, id)
	return refusal
}

// behindThePreCheck does with a message what Postern does, and what the parsers
// behind the signatures would do if they held.
func behindThePreCheck(t testing.TB, data []byte) {
	_ = judgeSeed(t, data, model.SignaturesBoth) // either verdict will do
	_ = judgeSeed(t, data, model.SignaturesAssertion)
	doc := etree.NewDocument()
	if doc.ReadFromBytes(data) != nil || doc.Root() == nil {
		return
	}
	if detached, err := detachAssertion(doc.Root()); err == nil {
		_, _ = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(detached)
	}
	_, _ = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(doc.Root())
	var response saml.Response
	_ = xml.Unmarshal(data, &response)
}

// FuzzPreCheck: nothing that the pre-check passes may panic, allocate more than
// 64 MiB or take longer than two seconds anywhere behind it.
func FuzzPreCheck(f *testing.F) {
	for _, seed := range someCostly(f) {
		f.Add([]byte(seed))
	}
	honest := []byte(signedSeed(""))
	f.Add(honest)
	if r := judgeSeed(f, honest, model.SignaturesBoth); r != nil {
		f.Fatalf("the honest message, unchanged, is refused: %+v", r)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, refusal := inspectShape(data); refusal != nil {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		behindThePreCheck(t, data)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > mostAllocated && !raceDetector {
			t.Errorf("%d bytes were allocated", n)
		}
		if took > 2*time.Second && fuzzing() {
			t.Errorf("it took %s", took)
		}
	})
}

// fuzzing tells that this is no ordinary run of the tests, which may be on a
// machine that is slow or busy.
func fuzzing() bool { return flag.Lookup("test.fuzz").Value.String() != "" }

// costly are messages at the limits of what the pre-check passes.
func costly() []string {
	wrap := func(attributes string) string {
		return `<p:Response xmlns:p="` + nsProtocol + `" xmlns:a="` + nsAssertion + `" ID="_r" Version="2.0"><p:Status><p:StatusCode Value="` + statusSuccess +
			`"/></p:Status><a:Assertion ID="_a" Version="2.0"><a:Issuer>x</a:Issuer><a:AttributeStatement>` + attributes +
			`</a:AttributeStatement></a:Assertion></p:Response>`
	}
	signed := func(n int, attributes string) string {
		return signedSeed(`<saml2:Attribute Name="x">` + strings.Repeat(`<saml2:AttributeValue`+attributes+`>`+strings.Repeat("v", 200)+
			`</saml2:AttributeValue>`, n) + `</saml2:Attribute>`)
	}
	value := "<a:AttributeValue>" + strings.Repeat("v", 200) + "</a:AttributeValue>"
	declared := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(` xmlns:n` + strings.Repeat("i", i+1) + `="urn:x"`)
		}
		return b.String()
	}
	return []string{
		signed(900, ` a="1" b="2" c="3" d="4"`),
		signed(60, declared(60)),
		signed(1900, ""),
		wrap(""),
		wrap(`<a:Attribute Name="x">` + strings.Repeat(value, 1980) + `</a:Attribute>`),
		wrap(strings.Repeat(`<a:Attribute Name="x"`+declared(60)+`>`+`<a:AttributeValue/></a:Attribute>`, 64)),
		wrap(`<a:Attribute Name="x"><a:AttributeValue>` + strings.Repeat("&amp;", 90_000) + `</a:AttributeValue></a:Attribute>`),
		wrap(`<a:Attribute Name="` + strings.Repeat("&#x41;", 70_000) + `"/>`),
	}
}

// someCostly is a sample where what they cost is not measured: the race detector
// makes them take ten times as long.
func someCostly(t testing.TB) []string {
	all := costly()
	n := len(all)
	if raceDetector || testing.Short() {
		n = 2
	}
	var some []string
	for _, i := range testall.Sample(t, n, len(all)) {
		some = append(some, all[i])
	}
	return some
}

// The limits are low enough: what they let through at most is cheap.
func TestRow14WhatThePreCheckPassesIsCheap(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for i, data := range someCostly(t) {
		if _, refusal := inspectShape([]byte(data)); refusal != nil {
			t.Errorf("%d: the pre-check refuses it: %+v", i, refusal)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		behindThePreCheck(t, []byte(data))
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > mostAllocated && !raceDetector {
			t.Errorf("%d: %d bytes were allocated for %d", i, n, len(data))
		}
	}
}
