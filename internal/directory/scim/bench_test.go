package scim_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// BenchmarkPush is the first cycle of an identity provider with 10,000 people: each is
// looked for, made, changed, and put into a group of them all. None may be slowed down.
func BenchmarkPush(b *testing.B) {
	s := newSite(b, storetest.OpenPool(b), nil)
	s.run([]step{{why: "the group", method: "POST", path: "/Groups", status: 201, is: "all", body: `{"displayName":"All"}`}})
	people := 0
	push := func(n int) {
		for range n {
			people++
			name := fmt.Sprintf("p%06d", people)
			for _, st := range []step{
				{method: "GET", path: wire(`/Users?filter=userName eq "` + name + `"`), status: 200},
				{method: "POST", path: "/Users", status: 201, body: `{"userName":"` + name + `","externalId":"x` + name + `","active":true,"displayName":"Person ` + name +
					`","emails":[{"value":"` + name + `@example.com","type":"work","primary":true}]}`},
				{method: "PATCH", path: "/Users/{new}", status: 200, body: patch(`{"op":"Replace","path":"title","value":"Engineer"}`)},
				{method: "PATCH", path: "/Groups/{all}", status: 204, body: patch(`{"op":"Add","path":"members","value":[{"value":"{new}"}]}`)},
			} {
				got := s.ask(st.method, st.path, st.body)
				if got.status != st.status {
					b.Fatalf("%s %s: %d %s", st.method, st.path, got.status, got.text)
				}
				if st.method == "POST" {
					s.ids["new"], _ = got.body["id"].(string)
				}
			}
		}
	}
	for _, upTo := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("up to %d people", upTo), func(b *testing.B) {
			if people < upTo-50 {
				push(upTo - 50 - people) // nobody waits for those before
			}
			requests := int64(0)
			for b.Loop() {
				push(1)
				atomic.AddInt64(&requests, 4)
			}
			b.ReportMetric(float64(requests)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}
