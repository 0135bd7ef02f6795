package testall

import (
	"slices"
	"testing"
)

func TestSample(t *testing.T) {
	t.Setenv("TEST_ALL", "")
	t.Setenv("TEST_SEED", "7")
	first := Sample(t, 10, 1000)
	if len(first) != 10 || !slices.IsSorted(first) {
		t.Errorf("%v", first)
	}
	for i, chosen := range first {
		if chosen < 100*i || chosen >= 100*(i+1) {
			t.Errorf("%v is not spread over the whole", first)
		}
	}
	if again := Sample(t, 10, 1000); !slices.Equal(first, again) {
		t.Errorf("the same seed chooses %v and %v", first, again)
	}
	t.Setenv("TEST_SEED", "8")
	if other := Sample(t, 10, 1000); slices.Equal(first, other) {
		t.Errorf("two seeds choose %v", first)
	}
	all := []int{0, 1, 2}
	if got := Sample(t, 5, 3); !slices.Equal(got, all) {
		t.Errorf("more than there are: %v", got)
	}
	t.Setenv("TEST_ALL", "1")
	if got := Sample(t, 1, 3); !slices.Equal(got, all) || !Everything() {
		t.Errorf("everything: %v", got)
	}
}
