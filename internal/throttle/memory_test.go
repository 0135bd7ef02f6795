package throttle

import (
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A million keys within one window take no more memory than a bounded number,
// and the newest are those that stay.
func TestMemoryIsBounded(t *testing.T) { //nolint:paralleltest // it measures the memory of the process
	const keys, perKey = 1_000_000, 400 // bytes
	long := strings.Repeat("x", 2*perKey)
	name := func(i int) string { return strconv.Itoa(i) + long }
	c := newClock()
	m := NewMemory()
	before := heap()
	for i := range keys {
		if _, err := m.Add(t.Context(), name(i), c.now, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if grown := heap() - before; len(m.counts) != memoryKeys || m.age.Len() != memoryKeys || grown > memoryKeys*perKey {
		t.Errorf("after %d keys %d and %d are kept, in %d bytes", keys, len(m.counts), m.age.Len(), grown)
	}
	for i, want := range map[int]float64{0: 0, keys - memoryKeys - 1: 0, keys - memoryKeys: 1, keys - 1: 1} {
		if n, err := m.Get(t.Context(), name(i), c.now, time.Minute); err != nil || n.N != want {
			t.Errorf("key %d counts %v, want %v (%v)", i, n.N, want, err)
		}
	}
	c.advance(time.Minute)
	if _, err := m.Add(t.Context(), "new", c.now, time.Minute); err != nil || len(m.counts) != 1 || m.age.Len() != 1 {
		t.Errorf("a window later %d and %d are kept (%v)", len(m.counts), m.age.Len(), err)
	}
}

func heap() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// Of a full memory the window is forgotten that began first, not the key that
// was counted last, and a window that begins anew is new.
func TestOldestIsForgottenFirst(t *testing.T) {
	t.Parallel()
	c := newClock()
	m := NewMemory()
	m.most = 3
	add := func(keys ...string) {
		for _, key := range keys {
			c.advance(time.Second)
			if _, err := m.Add(t.Context(), key, c.now, time.Minute); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := func(counts map[string]float64) {
		t.Helper()
		for key, n := range counts {
			if got, err := m.Get(t.Context(), key, c.now, time.Minute); err != nil || got.N != n {
				t.Errorf("%s counts %v, want %v (%v)", key, got.N, n, err)
			}
		}
	}
	add("a", "b", "c", "a")
	want(map[string]float64{"a": 2, "b": 1, "c": 1})
	add("d")
	want(map[string]float64{"a": 0, "b": 1, "c": 1, "d": 1})
	c.advance(time.Minute - 3*time.Second) // b's window has ended, c's has not
	want(map[string]float64{"b": 0, "c": 1, "d": 1})
	add("b", "e")
	want(map[string]float64{"b": 1, "d": 1, "e": 1})
}
