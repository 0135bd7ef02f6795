package sso

import "testing"

// TestGoodEndpoint: https, or http of this machine where that is allowed.
// crewjam's reader, which sees addresses first, refuses some of these as well.
func TestGoodEndpoint(t *testing.T) {
	t.Parallel()
	for location, c := range map[string]struct{ good, onLoopback bool }{
		"https://idp.example/sso": {true, true}, "https://localhost/": {true, true}, "http://localhost/": {false, true}, "http://127.0.0.1:1/": {false, true},
		"http://[::1]/": {false, true}, "http://idp.example/": {false, false}, "http://localhost.example/": {false, false}, "ftp://localhost/": {false, false},
		"https://idp.example/%zz": {false, false}, "https:///x": {false, false}, "https://u:p@idp.example/": {false, false}, "https://idp.example/#x": {false, false},
		"//idp.example/": {false, false}, "": {false, false}, "javascript:alert(1)": {false, false},
	} {
		if got := goodEndpoint(location, MetadataOptions{}); got != c.good {
			t.Errorf("%q: %v", location, got)
		}
		if got := goodEndpoint(location, MetadataOptions{AllowLoopbackHTTP: true}); got != c.onLoopback {
			t.Errorf("%q, loopback allowed: %v", location, got)
		}
	}
}
