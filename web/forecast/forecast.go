// Package forecast is what rooms need of internal/forecast: how the next logins of
// the people known would end, and the list of it to take away.
package forecast

import (
	"github.com/postern-sso/postern/internal/forecast"
	"github.com/postern-sso/postern/web/kit"
)

// ErrUnusableMetadata: AWS's metadata of a revision cannot be read.
var ErrUnusableMetadata = forecast.ErrUnusableMetadata

// Preflight is who gets in after a change.
type Preflight = forecast.Preflight

// SignIn is how the next sign-in of a user through one connection would end.
type SignIn = forecast.SignIn

// Forecasts tells how the next logins would end.
type Forecasts struct {
	forecast.Forecasts
	kit *kit.Kit
}

// With is how rooms reach it.
func With(k *kit.Kit) Forecasts {
	return Forecasts{forecast.Forecasts{Store: k.Store, Provider: k.IdentityProvider, Now: k.Now}, k}
}
