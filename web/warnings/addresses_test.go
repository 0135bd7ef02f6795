package warnings_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/web/warnings"
)

// Whatever stands between the receivers of a warning, each gets it.
func TestEveryReceiverCounts(t *testing.T) {
	t.Parallel()
	const two = "<a@example.com> <b@example.com>"
	for list, want := range map[string]string{
		"a@example.com, b@example.com":                        two,
		"a@example.com; b@example.com;":                       two,
		"a@example.com\r\nb@example.com":                      two,
		"a@example.com,, ;b@example.com":                      two,
		`"Night, Shift; both" <a@example.com>; b@example.com`: `"Night, Shift; both" <a@example.com> <b@example.com>`,
	} {
		if got, err := warnings.Addresses(list); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %q, %v", list, got, err)
		}
	}
	for _, list := range []string{"", ";", "a@example.com b@example.com", "nobody"} {
		if got, err := warnings.Addresses(list); err == nil {
			t.Errorf("%q is read as %q", list, got)
		}
	}
}
