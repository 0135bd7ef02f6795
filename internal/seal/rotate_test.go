package seal

import (
	"errors"
	"testing"
)

func TestAnotherKeyTakesOver(t *testing.T) {
	t.Parallel()
	s, path := newKey(t)
	first := s.Fingerprint()
	old, err := s.Seal([]byte("before"), "x")
	if err != nil {
		t.Fatal(err)
	}
	next, err := AddKey(path)
	if err != nil || next == first {
		t.Fatalf("added %q, %v", next, err)
	}
	other, err := LoadOrCreate(path)
	if err != nil || other.Fingerprint() != first {
		t.Fatalf("a process that starts meanwhile seals with %s, %v; want %s", other.Fingerprint(), err, first)
	}
	if err := other.Use(next); err != nil {
		t.Fatal(err)
	}
	fresh, err := other.Seal([]byte("after"), "x")
	if err != nil {
		t.Fatal(err)
	}
	// s read the file before the key was there.
	if plain, err := s.Open(fresh, "x"); err != nil || string(plain) != "after" {
		t.Errorf("a process that ran before opens %q, %v", plain, err)
	}
	if err := s.Use(next); err != nil || s.Fingerprint() != next {
		t.Errorf("it changes over to %s, %v", s.Fingerprint(), err)
	}
	if plain, err := s.Open(old, "x"); err != nil || string(plain) != "before" {
		t.Errorf("what the old key sealed opens as %q, %v", plain, err)
	}
	if err := KeepOnly(path, next); err != nil {
		t.Fatal(err)
	}
	last, err := LoadOrCreate(path)
	if err != nil || last.Fingerprint() != next || len(last.Fingerprints()) != 1 {
		t.Fatalf("the file has %v, %v", last.Fingerprints(), err)
	}
	if _, err := last.Open(old, "x"); !errors.Is(err, ErrOpen) {
		t.Errorf("the removed key still opens: %v", err)
	}
}

func TestAnUnknownKeyIsNotUsed(t *testing.T) {
	t.Parallel()
	s, path := newKey(t)
	before := s.Fingerprint()
	if err := s.Use("0123456789abcdef"); !errors.Is(err, ErrNoKey) || s.Fingerprint() != before {
		t.Errorf("using it: %v, now %s", err, s.Fingerprint())
	}
	if err := KeepOnly(path, "0123456789abcdef"); !errors.Is(err, ErrNoKey) {
		t.Errorf("keeping only it: %v", err)
	}
}
