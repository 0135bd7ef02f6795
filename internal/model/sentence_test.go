package model

import "testing"

func TestLowerFirst(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"The user is deactivated": "the user is deactivated", "AWS never answered": "AWS never answered", "Éire": "éire", "": "",
	} {
		if got := LowerFirst(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
