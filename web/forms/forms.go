// Package forms reads forms that are on the pages of several rooms.
package forms

import (
	"github.com/postern-sso/postern/web/kit"
)

// Forms reads forms that are on the pages of several rooms.
type Forms struct{ *kit.Kit }

// With is how rooms reach it.
func With(k *kit.Kit) Forms { return Forms{Kit: k} }
