// Package testall says how much of a slow test runs: a sample, which is another
// one every day, or everything where the environment says TEST_ALL=1, as
// `make test-all` does. It is for tests only.
package testall

import (
	"flag"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// Everything tells whether nothing is left out. A fuzzer wants every seed.
func Everything() bool {
	fuzz := flag.Lookup("test.fuzz")
	asked := os.Getenv("TEST_ALL") == "1" //nolint:forbidigo // a setting of the test run, not of Postern
	return asked || fuzz != nil && fuzz.Value.String() != ""
}

// Sample is n of the numbers from 0 up to, but not including, of, in ascending
// order and spread over all of them; every number when n is at least of, or
// Everything is asked for. The choice depends on a seed alone: TEST_SEED, a whole
// number of at most 64 bits without a sign, else the day (UTC). A test that fails
// logs the seed, so that the same sample can be taken again.
func Sample(t testing.TB, n, of int) []int {
	t.Helper()
	if Everything() {
		n = of
	}
	n = min(n, of)
	seed := seedOf(t)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // to be repeated, not to be secret
	chosen := make([]int, n)
	for i := range chosen { // one out of each of n ranges of about the same size
		from, to := i*of/n, (i+1)*of/n
		chosen[i] = from + random.IntN(to-from)
	}
	t.Cleanup(func() {
		if n < of && t.Failed() {
			t.Logf("this was a sample of %d out of %d: TEST_SEED=%d repeats it, TEST_ALL=1 takes all", n, of, seed)
		}
	})
	return chosen
}

func seedOf(t testing.TB) uint64 {
	t.Helper()
	text := os.Getenv("TEST_SEED") //nolint:forbidigo // likewise
	if text == "" {
		return uint64(time.Now().Unix() / (24 * 60 * 60)) //nolint:gosec // after 1970
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("TEST_SEED: %v", err)
	}
	return seed
}
