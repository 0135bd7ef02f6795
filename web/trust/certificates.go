package trust

import (
	"strings"

	"github.com/postern-sso/postern/internal/sso"
)

// FingerprintsOf joins the fingerprints of certificates with blanks.
func FingerprintsOf(all []sso.Certificate) string { return strings.Join(printsOf(all), " ") }

func printsOf(all []sso.Certificate) []string {
	var prints []string
	for _, c := range all {
		prints = append(prints, c.Fingerprint)
	}
	return prints
}
