package sso

import (
	"encoding/xml"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"
)

// mostAllocated is what may be allocated behind the pre-check, in bytes.
const mostAllocated = 64 << 20

// behindThePreCheck does with a message what the parsers behind it do.
func behindThePreCheck(data []byte) {
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
	for _, seed := range costly() {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, refusal := inspectShape(data); refusal != nil {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		behindThePreCheck(data)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > mostAllocated {
			t.Errorf("%d bytes were allocated", n)
		}
		if took > 2*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// costly are messages at the limits of what the pre-check passes.
func costly() []string {
	wrap := func(attributes string) string {
		return `<p:Response xmlns:p="` + nsProtocol + `" xmlns:a="` + nsAssertion + `" ID="_r" Version="2.0"><p:Status><p:StatusCode Value="` + statusSuccess +
			`"/></p:Status><a:Assertion ID="_a" Version="2.0"><a:Issuer>x</a:Issuer><a:AttributeStatement>` + attributes +
			`</a:AttributeStatement></a:Assertion></p:Response>`
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
		wrap(""),
		wrap(`<a:Attribute Name="x">` + strings.Repeat(value, 1980) + `</a:Attribute>`),
		wrap(strings.Repeat(`<a:Attribute Name="x"`+declared(60)+`>`+`<a:AttributeValue/></a:Attribute>`, 120)),
		wrap(`<a:Attribute Name="x"><a:AttributeValue>` + strings.Repeat("&amp;", 90_000) + `</a:AttributeValue></a:Attribute>`),
		wrap(`<a:Attribute Name="` + strings.Repeat("&#x41;", 70_000) + `"/>`),
	}
}

// The limits are low enough: what they let through at most is cheap.
func TestRow14WhatThePreCheckPassesIsCheap(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for i, data := range costly() {
		if _, refusal := inspectShape([]byte(data)); refusal != nil {
			t.Errorf("%d: the pre-check refuses it: %+v", i, refusal)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		behindThePreCheck([]byte(data))
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > mostAllocated {
			t.Errorf("%d: %d bytes were allocated for %d", i, n, len(data))
		}
	}
}
