package scim_test

import (
	"fmt"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// BenchmarkPush is the first cycle of an identity provider with 10,000 people: each is
// looked for, made, changed, and put into a group of them all. On the way it measures
// the next of them, one member who comes, and one who goes. None may be slowed down by
// how many were there before. All of it takes about four minutes.
func BenchmarkPush(b *testing.B) {
	url := storetest.Database(b)
	owner, err := store.Open(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(owner.Close)
	st, err := store.Open(b.Context(), storetest.RunURL(url))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(st.Close)
	s := newSite(b, st, func(src *model.Source) { src.Limits.GroupPercent = 100 }) // nobody who goes waits for a person
	s.run([]step{{why: "the group", method: "POST", path: "/Groups", status: 201, is: "all", body: `{"displayName":"All"}`}})
	ask := func(b *testing.B, status int, method, path, body string) reply {
		b.Helper()
		got := s.ask(method, path, body)
		if got.status != status {
			b.Fatalf("%s %s: %d %s", method, path, got.status, got.text)
		}
		return got
	}
	people := 0
	next := func(b *testing.B) {
		b.Helper()
		people++
		name := fmt.Sprintf("p%06d", people)
		ask(b, 200, "GET", wire(`/Users?filter=userName eq "`+name+`"`), "")
		s.ids["new"], _ = ask(b, 201, "POST", "/Users", `{"userName":"`+name+`","externalId":"x`+name+`","active":true,"displayName":"Person `+name+
			`","emails":[{"value":"`+name+`@example.com","type":"work","primary":true}]}`).body["id"].(string)
		ask(b, 200, "PATCH", "/Users/{new}", patch(`{"op":"Replace","path":"title","value":"Engineer"}`))
		ask(b, 204, "PATCH", "/Groups/{all}", patch(`{"op":"Add","path":"members","value":[{"value":"{new}"}]}`))
	}
	for _, size := range []int{100, 1000, 10_000} {
		for people < size {
			next(b)
		}
		if _, err := owner.Pool().Exec(b.Context(), "analyze"); err != nil { // as PostgreSQL does by itself, once a minute
			b.Fatal(err)
		}
		measure := func(what string, requests int, do func(*testing.B)) {
			b.Run(fmt.Sprintf("%d people/%s", size, what), func(b *testing.B) {
				n := 0
				for b.Loop() {
					do(b)
					n += requests
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "requests/s")
			})
		}
		measure("the next", 4, next)
		measure("a member comes and goes", 2, func(b *testing.B) {
			ask(b, 204, "PATCH", "/Groups/{all}", patch(`{"op":"Remove","path":"members","value":[{"value":"{new}"}]}`))
			ask(b, 204, "PATCH", "/Groups/{all}", patch(`{"op":"Add","path":"members","value":[{"value":"{new}"}]}`))
		})
	}
}
