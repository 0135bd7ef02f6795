// Package forecast tells how the next logins of the people known would end.
package forecast

import (
	"github.com/postern-sso/postern/web/kit"
)

// Forecasts tells how the next logins would end.
type Forecasts struct{ *kit.Kit }

// With is how rooms reach it.
func With(k *kit.Kit) Forecasts { return Forecasts{Kit: k} }
