package ldap

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// target is one of the servers.
type target struct {
	url    string
	host   string
	port   string
	secure bool // TLS from the first byte
}

func (t target) address() string { return net.JoinHostPort(t.host, t.port) }

func parseTarget(s string) (target, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "ldap" && u.Scheme != "ldaps"):
		return target{}, refuse("url", "The address of a server begins with ldaps:// or ldap:// and names a host.")
	case u.User != nil:
		return target{}, refuse("url", "Leave out what stands before the “@” in the address of the server.")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return target{}, refuse("url", "The address of a server ends after host and port. The base has a field of its own.")
	}
	t := target{url: u.Scheme + "://" + u.Host, host: u.Hostname(), port: u.Port(), secure: u.Scheme == "ldaps"}
	switch {
	case t.port == "" && t.secure:
		t.port = ldap.DefaultLdapsPort
	case t.port == "":
		t.port = ldap.DefaultLdapPort
	}
	return t, nil
}

// refuse is what is wrong with the settings, before anybody is asked.
func refuse(what, detail string) *directory.ReadError {
	return &directory.ReadError{Reason: "settings_" + what, Detail: detail, Remedy: "Correct the settings of the source."}
}

// Limits of what administrators type.
const (
	maxURLs      = 10
	maxFilter    = 4 << 10
	maxBase      = 1 << 10
	maxAuthority = 256 << 10
)

var attributeName = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]{0,127}|[0-9]+(\.[0-9]+)+)$`)

// Check says what is wrong with the settings, as a *directory.ReadError whose Reason
// begins with "settings_". It asks nobody.
func Check(s model.LDAPSettings) error {
	if len(s.URLs) == 0 || len(s.URLs) > maxURLs {
		return refuse("url", fmt.Sprintf("A source has at least one server and at most %d.", maxURLs))
	}
	for _, u := range s.URLs {
		t, err := parseTarget(u)
		if err != nil {
			return err
		}
		if !t.secure && !s.StartTLS && !s.AllowPlain {
			return refuse("plain", fmt.Sprintf("The connection to %s would not be encrypted: the password and the people could be read on the way. "+
				"Use ldaps:// or StartTLS.", t.address()))
		}
	}
	if s.Fingerprint != "" {
		if raw, err := hex.DecodeString(s.Fingerprint); err != nil || len(raw) != 32 {
			return refuse("fingerprint", "A fingerprint is the SHA-256 of a certificate: 64 hexadecimal digits.")
		}
	}
	if _, err := authorities(s.CA); err != nil {
		return err
	}
	if !slices.Contains(model.Vendors(), s.Vendor) && s.Vendor != "" {
		return refuse("vendor", fmt.Sprintf("“%s” is no kind of directory.", s.Vendor))
	}
	return checkSearch(s)
}

func checkSearch(s model.LDAPSettings) error {
	for _, base := range []string{s.Base, s.Users.Base, s.Groups.Base} {
		if _, err := parseName(base); err != nil || len(base) > maxBase {
			return refuse("base", fmt.Sprintf("“%s” is not a distinguished name, such as “ou=people,dc=example,dc=com”.", model.FitText(base, 100)))
		}
	}
	for _, filter := range []string{s.Users.Filter, s.Groups.Filter} {
		if filter == "" {
			continue
		}
		if _, err := ldap.CompileFilter(filter); err != nil || len(filter) > maxFilter {
			return refuse("filter", fmt.Sprintf("“%s” is not a filter, such as “(objectClass=person)”.", model.FitText(filter, 200)))
		}
	}
	u := s.Users
	for _, name := range []string{u.ID, u.Username, u.Email, u.FirstName, u.LastName, u.DisplayName, s.Groups.Name} {
		if name != "" && !attributeName.MatchString(name) {
			return refuse("attribute", fmt.Sprintf("“%s” is not the name of an attribute.", model.FitText(name, 100)))
		}
	}
	return nil
}

// authorities are the certificates of a pasted text; nil: those of the system.
func authorities(text string) (*x509.CertPool, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	wrong := refuse("ca", "The text is not the certificate of an authority: it begins with “-----BEGIN CERTIFICATE-----”.")
	if len(text) > maxAuthority {
		return nil, wrong
	}
	pool := x509.NewCertPool()
	for rest, found := []byte(text), false; ; found = true {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if !found || len(strings.TrimSpace(string(rest))) > 0 {
				return nil, wrong
			}
			return pool, nil
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return nil, wrong
		}
		pool.AddCert(c)
	}
}
