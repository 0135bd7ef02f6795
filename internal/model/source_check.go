package model

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Problems says what is wrong with the settings of a source, by field as the
// configuration document names it. Filters and names of an LDAP server's own grammar
// are judged where LDAP is spoken.
func (s Source) Problems() []Problem {
	c := new(sourceCheck)
	c.text("slug", CheckSlug(s.Slug))
	c.text("name", CheckTitle(s.Name))
	if s.Name == "" {
		c.say("name", "Give the source a name.")
	}
	if !slices.Contains(SourceKinds(), s.Kind) {
		c.say("kind", "must be one of: aws, ldap, scim")
	}
	if !slices.Contains(SourceStatuses(), s.Status) {
		c.say("status", "must be one of: draft, live, paused")
	}
	c.interval(s)
	c.groups(s.Groups)
	c.limits(s)
	switch s.Kind {
	case SourceAWS:
		c.aws(s.AWS)
	case SourceLDAP:
		c.ldap(s.LDAP)
	case SourceSCIM:
	}
	return c.problems
}

type sourceCheck struct{ problems []Problem }

func (c *sourceCheck) say(field, format string, args ...any) {
	c.problems = append(c.problems, Problem{Field: field, Text: fmt.Sprintf(format, args...)})
}

func (c *sourceCheck) text(field string, err error) {
	if err != nil {
		c.say(field, "%v", err)
	}
}

func (c *sourceCheck) interval(s Source) {
	switch {
	case !s.Kind.Reads() && s.Interval != 0:
		c.say("interval", "is for sources that are read: this one pushes")
	case s.Kind.Reads() && (s.Interval < MinSourceInterval || s.Interval > MaxSourceInterval || s.Interval%time.Second != 0):
		c.say("interval", "must be between 5 minutes and 24 hours")
	}
}

func (c *sourceCheck) groups(g GroupMapping) {
	switch g.Mode {
	case GroupsNone, GroupsSame:
	case GroupsPrefix:
		if g.Prefix == "" || CheckGroupName(g.Prefix+"x") != nil {
			c.say("groups.prefix", "must be the beginning of a group's name, for example ad-")
		}
	case GroupsMap:
		if len(g.Map) == 0 {
			c.say("groups.map", "names no group: give one line a group")
		}
		for theirs, ours := range g.Map {
			if err := CheckGroupName(Canonical(ours)); err != nil {
				c.say("groups.map", "the group for “%s” %v", theirs, err)
			}
		}
	default:
		c.say("groups.mode", "must be one of: none, same, prefix, map")
	}
}

func (c *sourceCheck) limits(s Source) {
	for field, percent := range map[string]int{"limits.deactivate_percent": s.Limits.DeactivatePercent, "limits.group_percent": s.Limits.GroupPercent,
		"limits.rename_percent": s.Limits.RenamePercent} {
		if percent < 0 || percent > 100 {
			c.say(field, "must be between 0 and 100")
		}
	}
	for field, least := range map[string]int{"limits.deactivate_min": s.Limits.DeactivateMin, "limits.rename_min": s.Limits.RenameMin} {
		if least < 0 || least > 10_000 {
			c.say(field, "must be between 0 and 10000")
		}
	}
	if s.AbsenceGrace < 0 || s.AbsenceGrace > 100 {
		c.say("absence_grace", "must be between 0 and 100 runs")
	}
}

var (
	regionPattern  = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	storePattern   = regexp.MustCompile(`^(d-[0-9a-f]{10}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	roleARNPattern = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}$`)
	fingerprint    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Problems says what is wrong with where an AWS directory is read, by field.
func (a AWSSettings) Problems() []Problem {
	c := new(sourceCheck)
	c.aws(a)
	return c.problems
}

func (c *sourceCheck) aws(a AWSSettings) {
	if !regionPattern.MatchString(a.Region) {
		c.say("aws.region", "must be a Region of AWS, for example eu-central-1")
	}
	if !storePattern.MatchString(a.IdentityStoreID) {
		c.say("aws.identity_store_id", "must be like d-1234567890: it stands in AWS under IAM Identity Center, Settings, Identity source")
	}
	if a.RoleARN != "" && !roleARNPattern.MatchString(a.RoleARN) {
		c.say("aws.role_arn", "must be the ARN of a role, for example arn:aws:iam::123456789012:role/postern")
	}
	if a.RoleARN != "" && a.ExternalID == "" {
		c.say("aws.role_arn", "is assumed with an external ID only, and there is none")
	}
	if a.Endpoint == "" {
		return
	}
	u, err := url.Parse(a.Endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		c.say("aws.endpoint", "must be an https address, or http on this machine")
		return
	}
	if nobodys(u.Hostname()) {
		c.say("aws.endpoint", "is no address that AWS answers at")
	}
}

// nobodys tells whether a host is an address that no source is read at: a link-local one
// is where a cloud tells its machines credentials. Names are judged when they are dialed.
func nobodys(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified())
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (c *sourceCheck) ldap(l LDAPSettings) {
	if len(l.URLs) == 0 {
		c.say("ldap.urls", "Give the address of a server, for example ldaps://dc1.example.com:636.")
	}
	for _, s := range l.URLs {
		c.ldapURL(l, s)
	}
	if l.BindDN == "" {
		c.say("ldap.bind_dn", "Give the account that reads the directory.")
	}
	if !slices.Contains(Vendors(), l.Vendor) {
		c.say("ldap.vendor", "must be one of: auto, active_directory, openldap, posix, 389ds, freeipa")
	}
	if l.Fingerprint != "" && !fingerprint.MatchString(l.Fingerprint) {
		c.say("ldap.fingerprint", "must be the SHA-256 of the certificate: 64 hexadecimal digits")
	}
	if l.CA != "" {
		c.text("ldap.ca", checkAuthorities(l.CA))
	}
}

func (c *sourceCheck) ldapURL(l LDAPSettings, s string) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "ldap" && u.Scheme != "ldaps" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		c.say("ldap.urls", "“%s” must be like ldaps://dc1.example.com:636", s)
		return
	}
	if port, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || port < 1 || port > 65535) {
		c.say("ldap.urls", "“%s” has no port that there is", s)
	}
	if nobodys(u.Hostname()) {
		c.say("ldap.urls", "“%s” is no address of a directory", s)
	}
	switch {
	case u.Scheme == "ldaps" && l.StartTLS:
		c.say("ldap.start_tls", "is for ldap:// addresses: %s is encrypted from the start", net.JoinHostPort(u.Hostname(), u.Port()))
	case u.Scheme == "ldap" && !l.StartTLS && !l.AllowPlain:
		c.say("ldap.urls", "“%s” is not encrypted: choose StartTLS, or write ldaps:// (usually port 636)", s)
	}
}

func checkAuthorities(text string) error {
	rest, found := []byte(text), 0
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "PRIVATE KEY" || strings.HasSuffix(block.Type, " PRIVATE KEY") {
			return fmt.Errorf("holds a private key: give the certificate only")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("holds something that is no certificate")
		}
		found++
	}
	if found == 0 || strings.TrimSpace(string(rest)) != "" {
		return fmt.Errorf("must be one or more certificates in PEM, from BEGIN CERTIFICATE to END CERTIFICATE")
	}
	return nil
}

// Fingerprint is a certificate's SHA-256 as it is stored, however it was typed.
func Fingerprint(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(": \t\r\n-", r) {
			return -1
		}
		return r
	}, s))
}
