package model

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
)

// CheckRedirectURI says what is wrong with an address of an app, to which people
// are sent: it is compared character by character and gets the answer, so it is
// https, or http on this machine. It may have a query (RFC 6749 §3.1.2). Source:
// OAuth 2.0 Security Best Current Practice (RFC 9700) §2.1, §4.1.3.
func CheckRedirectURI(s string) error {
	u, err := url.Parse(s)
	switch {
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, invisible...) }):
		return errors.New("contains a blank or an invisible character")
	case err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return errors.New("is not a web address such as https://jira.example.com")
	case u.User != nil:
		return errors.New("must not have a user name")
	case u.Fragment != "":
		return errors.New("must not have a part after “#”")
	case u.Scheme == "http" && !isThisMachine(u.Hostname()):
		return errors.New("must begin with https://, or sign-ins could be read on the way; plain http is only for localhost")
	}
	return nil
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// CheckNetwork says what is wrong with an IP address or a network in CIDR form
// from which an app's requests may come.
func CheckNetwork(s string) error {
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return nil
	}
	return errors.New("is neither an IP address nor a network such as 10.0.0.0/24")
}
