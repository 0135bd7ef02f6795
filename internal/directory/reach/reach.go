// Package reach judges the addresses that sources are read at: private ones are where
// directories live; those at which clouds tell their machines credentials are never asked.
package reach

import (
	"fmt"
	"net/netip"
	"syscall"
)

// RefusedError is an address that is never asked.
type RefusedError struct{ Addr netip.Addr }

func (e *RefusedError) Error() string { return fmt.Sprintf("%s is never asked", e.Addr) }

// RetryableError tells AWS's SDK that another try is of no use.
func (e *RefusedError) RetryableError() bool { return false }

// never are addresses at which no directory stands, but what a cloud tells its
// machines about themselves, credentials among it. Private addresses are where
// directories live, so they are asked. Sources: the providers' documentation.
var never = []netip.Prefix{
	netip.MustParsePrefix("fd00:ec2::/32"),      // AWS
	netip.MustParsePrefix("fd20:ce::254/128"),   // Google
	netip.MustParsePrefix("168.63.129.16/32"),   // Azure
	netip.MustParsePrefix("100.100.100.200/32"), // Alibaba
	netip.MustParsePrefix("192.0.0.192/32"),     // Oracle
	netip.MustParsePrefix("240.0.0.0/4"),        // reserved, and broadcast
	netip.MustParsePrefix("0.0.0.0/8"),          // this network
}

// Networks that carry IPv4 addresses inside IPv6: RFC 6052, 3056, 4291.
var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96")
	sixTo4 = netip.MustParsePrefix("2002::/16")
	compat = netip.MustParsePrefix("::/96")
)

// JudgeDial refuses addresses that no directory has, with a *RefusedError. It is the
// Control of a net.Dialer: called with the very address that is about to be connected
// to, so that a name cannot lead elsewhere between its judgement and its use.
func JudgeDial(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %q: %w", address, err)
	}
	addr := ap.Addr().WithZone("").Unmap()
	if !mayAsk(addr) {
		return &RefusedError{addr}
	}
	return nil
}

func mayAsk(addr netip.Addr) bool {
	if addr.IsLoopback() {
		return true
	}
	if addr.IsLinkLocalUnicast() || addr.IsMulticast() || addr.IsUnspecified() {
		return false
	}
	for _, p := range never {
		if p.Contains(addr) {
			return false
		}
	}
	b := addr.As16()
	switch {
	case addr.Is4():
	case nat64.Contains(addr), compat.Contains(addr):
		return mayAsk(netip.AddrFrom4([4]byte(b[12:])))
	case sixTo4.Contains(addr):
		return mayAsk(netip.AddrFrom4([4]byte(b[2:])))
	}
	return true
}
