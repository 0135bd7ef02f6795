package login

import (
	"context"
	"net/url"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/kit"
)

// readRelayState says where the RelayState of a login that AWS started leads, and
// notes one that leads nowhere.
func (rm *Room) readRelayState(ctx context.Context, a *attempt) error {
	if !a.login.Unsolicited || a.relayState == "" {
		return nil
	}
	check := sso.RelayCheck(a.relayState, true)
	if kit.LocalPath(a.relayState) == "" {
		app, err := rm.appAt(ctx, a.connection.Slug, a.relayState)
		if err != nil {
			return err
		}
		if a.app = app; app == "" {
			check = sso.RelayCheck(a.relayState, false)
		}
	}
	a.login.Checks = append(a.login.Checks, check)
	return nil
}

// maxRelayAddress is the longest address of an app that is followed, in bytes.
const maxRelayAddress = 1024

// appAt is the address that a RelayState names, where it is one of an app that
// takes people of this connection; else empty.
func (rm *Room) appAt(ctx context.Context, connection, relayState string) (string, error) {
	to, err := url.Parse(relayState)
	if err != nil || len(relayState) > maxRelayAddress || to.User != nil || to.Host == "" || (to.Scheme != "https" && to.Scheme != "http") {
		return "", nil //nolint:nilerr // it names no address
	}
	apps, err := rm.Store.Apps(ctx)
	if err != nil {
		return "", err
	}
	for _, app := range apps {
		if (app.Connection == "" || app.Connection == connection) && holds(app, to) {
			return to.String(), nil
		}
	}
	return "", nil
}

// holds tells whether an address is one of the app's own: under the base of an
// Atlassian product, else on the host that people are sent back to.
func holds(app model.App, to *url.URL) bool {
	for _, own := range append([]string{app.StartURL}, app.RedirectURIs...) {
		base := wizard.ProductBase(own)
		if base == "" {
			base = origin(own)
		}
		if b, err := url.Parse(base); err == nil && b.Host != "" && b.Scheme == to.Scheme && strings.EqualFold(b.Host, to.Host) && isUnder(to.Path, b.Path) {
			return true
		}
	}
	return false
}

func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// isUnder tells whether a path is the base or below it. One that climbs is not.
func isUnder(path, base string) bool {
	base = strings.TrimRight(base, "/")
	return (path == base || strings.HasPrefix(path, base+"/")) && !strings.Contains(path, "..") && !strings.Contains(path, "\\")
}
