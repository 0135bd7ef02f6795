package model

import "net/netip"

// NetworkOf is what an address counts for where attempts are limited: an IPv4
// address itself, an IPv6 address its /64, all of which one host may use (RFC
// 6177). What is no address is returned as it is.
func NetworkOf(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	a = a.Unmap()
	if a.Is4() {
		return a.String()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}
