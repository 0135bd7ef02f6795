package store_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/internal/throttle"
)

// The counts in PostgreSQL are what those in memory are, whatever is counted,
// read and taken back, and when: at the very ends of windows, too.
func TestSignInAttemptsAreCountedAsInMemory(t *testing.T) {
	t.Parallel()
	const window, step = time.Minute, 10 * time.Second
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	kept, memory := storetest.Open(t).SignInAttempts(), throttle.NewMemory()
	begin := time.Date(2026, 3, 1, 12, 0, 0, 1234, time.UTC)
	now := begin
	var keptEnds, memoryEnds []time.Time // of windows that there were
	for i := range 2000 {
		key := string(rune('a' + r.IntN(3)))
		var err, wantErr error
		switch r.IntN(4) {
		case 0:
			var k, m throttle.Count
			k, err = kept.Add(t.Context(), key, now, window)
			m, wantErr = memory.Add(t.Context(), key, now, window)
			keptEnds, memoryEnds = append(keptEnds, k.Until), append(memoryEnds, m.Until)
		case 1:
			if n := len(keptEnds); n > 0 {
				n = max(0, n-1-r.IntN(6))
				err, wantErr = kept.TakeBack(t.Context(), key, keptEnds[n], window), memory.TakeBack(t.Context(), key, memoryEnds[n], window)
			}
		default:
			now = now.Add(step * time.Duration(r.IntN(2)))
		}
		if err != nil || wantErr != nil {
			t.Fatal(i, err, wantErr)
		}
		got, err := kept.Get(t.Context(), key, now, window)
		want, wantErr := memory.Get(t.Context(), key, now, window)
		if err != nil || wantErr != nil || got.N != want.N || !got.Until.Equal(want.Until.Truncate(time.Microsecond)) {
			t.Fatalf("seed %d, step %d, %v after the first: %s counts %+v, in memory %+v (%v, %v)", seed, i, now.Sub(begin), key, got, want, err, wantErr)
		}
	}
}
