package reach_test

import (
	"net/netip"
	"testing"

	"github.com/postern-sso/postern/internal/directory/reach"
)

// Directories live at private addresses; what a cloud tells its machines does not.
func TestRow22Addresses(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"127.0.0.1": true, "::1": true, "10.1.2.3": true, "192.168.1.1": true, "172.16.0.1": true, "fd12:3456::1": true, "100.64.0.1": true, "8.8.8.8": true,
		"2a00:1450::1": true, "64:ff9b::808:808": true,
		"169.254.169.254": false, "169.254.1.1": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "fd20:ce::254": false,
		"168.63.129.16":   false,
		"100.100.100.200": false, "192.0.0.192": false, "::ffff:169.254.169.254": false, "64:ff9b::a9fe:a9fe": false, "2002:a9fe:a9fe::1": false,
		"::a9fe:a9fe": false, "0.0.0.0": false, "::": false, "224.0.0.1": false, "ff02::1": false, "255.255.255.255": false,
	} {
		addr := netip.MustParseAddr(address)
		if err := reach.JudgeDial("tcp", netip.AddrPortFrom(addr, 636).String(), nil); (err == nil) != ok {
			t.Errorf("%s: %v, want %t", address, err, ok)
		}
	}
}
