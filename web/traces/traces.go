// Package traces tells what the traces of logins say: in rows, in words, and of
// the clocks.
package traces

import (
	"github.com/postern-sso/postern/web/kit"
)

// Traces tells what traces of logins say: in rows, in words, and of the clocks.
type Traces struct{ *kit.Kit }

// With is how rooms reach it.
func With(k *kit.Kit) Traces { return Traces{Kit: k} }
