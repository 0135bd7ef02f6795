package ldap

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/peertest"
)

// BenchmarkRead reads a large directory from slapd over TLS: 100,000 people and
// 10,000 groups with 1,000,000 members.
func BenchmarkRead(b *testing.B) {
	const people, groups, members = 100_000, 10_000, 100
	var ldif strings.Builder
	ldif.WriteString(unitsLDIF)
	for i := range people {
		uid := fmt.Sprintf("u%06d", i)
		ldif.WriteString(personLDIF(uid, fmt.Sprintf("givenName: Given%d\nmail: %s@example.com\ndisplayName: Given Family %d\ntitle: Engineer\n", i, uid, i)))
	}
	for i := range groups {
		names := make([]string, members)
		for j := range members {
			names[j] = uidDN(fmt.Sprintf("u%06d", (i*members+j*997)%people))
		}
		ldif.WriteString(groupLDIF(fmt.Sprintf("g%05d", i), names...))
	}
	s := peertest.StartSlapd(b, peertest.SlapdOptions{LDIF: ldif.String(), MaxSize: 4 << 30})
	ldif.Reset()
	b.ResetTimer()
	for b.Loop() {
		r := readAll(b, settingsOf(s))
		if len(r.People) != people || len(r.Groups) != groups {
			b.Fatalf("read %d people and %d groups", len(r.People), len(r.Groups))
		}
		memberships := 0
		for _, g := range r.Groups {
			memberships += len(g.Members)
		}
		b.ReportMetric(float64(memberships), "memberships")
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc>>20), "MiB-kept")
		runtime.KeepAlive(r)
	}
	b.ReportMetric(float64(people+groups)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkName is what comparing one name costs that is not written as the entry's.
func BenchmarkName(b *testing.B) {
	for b.Loop() {
		if key(`CN=Doe\, Jane+uid=jane,OU=People,DC=Example,DC=Test`) == "" {
			b.Fatal("no key")
		}
	}
}
