package model_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

func TestNumbersHaveTheirThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 20000: "20,000", 123456: "123,456", 1234567: "1,234,567",
		-5: "−5", -1000: "−1,000"} {
		if got := model.Number(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 people", 1: "1 person", 999: "999 people", 3204: "3,204 people", 1234567: "1,234,567 people"} {
		if got := model.Count(n, "person", "people"); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
