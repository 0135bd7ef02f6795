package setup

import (
	"bytes"
	"sync/atomic"

	"github.com/postern-sso/postern/internal/sso"
)

// What the tests of this package look at.

var (
	SlugOf = slugOf

	StepPages = stepPages
)

// Counted begins metadata that only the parser of CountReadings can read.
const Counted = "<counted>"

// CountReadings counts how often metadata that begins with Counted is read from
// now on. No other parser can read it, so that none goes uncounted.
func (rm *Room) CountReadings() *atomic.Int32 {
	var n atomic.Int32
	parse := rm.parse
	rm.parse = func(data []byte, o sso.MetadataOptions) (*sso.IdentityProvider, error) {
		n.Add(1)
		return parse(bytes.TrimPrefix(data, []byte(Counted)), o)
	}
	return &n
}
