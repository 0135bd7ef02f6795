package configdoc

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
)

// Kinds of apps.
const (
	kindOIDC  = "oidc"
	kindCrowd = "crowd"
)

// checkRedirectURI says what is wrong with an OpenID Connect redirect URI: it
// is compared character by character and gets the answer, so it is https, or
// http on this machine. Source: OAuth 2.0 Security Best Current Practice (RFC
// 9700) §2.1, §4.1.3.
func checkRedirectURI(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil:
		return fmt.Errorf("is not a web address")
	case u.Fragment != "":
		return fmt.Errorf("must not have a part after “#”")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isThisMachine(u.Hostname()):
		return nil
	default:
		return fmt.Errorf("must begin with https://; plain http is only for localhost")
	}
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// isAddress accepts an IP address or a network in CIDR form.
func isAddress(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(s)
	return err == nil
}
