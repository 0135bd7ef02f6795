// Package bodytest shows that the work of reading a body grows with its length
// and no faster: by what reading allocates, in tests, and by the time that it
// takes, in benchmarks. Only tests import it.
package bodytest

import (
	"fmt"
	"runtime"
	"testing"
)

// Body makes a body that is so many times as long as the shortest.
type Body func(times int) []byte

// sizes are the lengths that are compared.
var sizes = []int{1, 4, 16}

// tolerance is how much more than in proportion reading may allocate: a list
// that grows is copied into a longer one now and then. Work that grows with the
// square is sixteen times over.
const tolerance = 3

// Bench reads a body of each size. Work that grows with the length alone has the
// same MB/s in every line.
func Bench(b *testing.B, body Body, read func([]byte)) {
	b.Helper()
	for _, n := range sizes {
		data := body(n)
		b.Run(fmt.Sprintf("%dx", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				read(data)
			}
		})
	}
}

// Linear fails when what reading allocates grows faster than the body. The test
// must not run beside others: it counts what the process allocates.
func Linear(t *testing.T, body Body, read func([]byte)) {
	t.Helper()
	read(body(1)) // what is made once, is made
	shortest := body(1)
	count, bytes := allocated(shortest, read)
	for _, n := range sizes[1:] {
		data := body(n)
		if len(data) < n*len(shortest)*9/10 {
			t.Fatalf("the body is %d bytes at 1x and %d at %dx", len(shortest), len(data), n)
		}
		moreCount, moreBytes := allocated(data, read)
		most := uint64(tolerance * n)
		if moreCount > most*count || moreBytes > most*bytes {
			t.Errorf("a body of %d bytes takes %d allocations of %d bytes, and one %d times as long takes %d of %d",
				len(shortest), count, bytes, n, moreCount, moreBytes)
		}
	}
}

// allocated is what reading allocates: how often, and how many bytes. It is the least
// of a few times: what others do meanwhile, and pools that were emptied, count for none.
func allocated(data []byte, read func([]byte)) (count, bytes uint64) {
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		read(data)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; bytes == 0 || n < bytes {
			count, bytes = after.Mallocs-before.Mallocs, n
		}
	}
	return count, bytes
}
