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
	for _, p := range Problems(s) {
		return refuse("search", p.Text)
	}
	return nil
}

// Problems says what is wrong with bases, filters and names of attributes, by field as
// the configuration document names it. The rest of the settings is judged by
// model.Source.Problems.
func Problems(s model.LDAPSettings) []model.Problem {
	var problems []model.Problem
	say := func(field, format, value string, most int) {
		problems = append(problems, model.Problem{Field: field, Text: fmt.Sprintf(format, model.FitText(value, most))})
	}
	u, g := s.Users, s.Groups
	for _, f := range []struct{ field, base string }{{"ldap.base", s.Base}, {"ldap.users.base", u.Base}, {"ldap.groups.base", g.Base}} {
		if _, err := parseName(f.base); err != nil || len(f.base) > maxBase {
			say(f.field, "“%s” is not a distinguished name, such as “ou=people,dc=example,dc=com”.", f.base, 100)
		}
	}
	for _, f := range []struct{ field, filter string }{{"ldap.users.filter", u.Filter}, {"ldap.groups.filter", g.Filter}} {
		if f.filter == "" {
			continue
		}
		if _, err := ldap.CompileFilter(f.filter); err != nil || len(f.filter) > maxFilter {
			say(f.field, "“%s” is not a filter, such as “(objectClass=person)”.", f.filter, 200)
		}
	}
	for _, f := range []struct{ field, name string }{{"ldap.users.id", u.ID}, {"ldap.users.username", u.Username}, {"ldap.users.email", u.Email},
		{"ldap.users.first_name", u.FirstName}, {"ldap.users.last_name", u.LastName}, {"ldap.users.display_name", u.DisplayName}, {"ldap.groups.name", g.Name}} {
		if f.name != "" && !attributeName.MatchString(f.name) {
			say(f.field, "“%s” is not the name of an attribute.", f.name, 100)
		}
	}
	return problems
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
