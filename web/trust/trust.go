// Package trust is what is trusted of AWS on a connection, and what AWS offers.
package trust

import (
	"github.com/postern-sso/postern/web/kit"
)

// Trust is what is trusted of AWS on a connection, and what AWS offers.
type Trust struct{ *kit.Kit }

// With is how rooms reach it.
func With(k *kit.Kit) Trust { return Trust{Kit: k} }
