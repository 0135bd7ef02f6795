package awssim

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

var (
	regionPattern      = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]$`)
	accountPattern     = regexp.MustCompile(`^[0-9]{12}$`)
	applicationPattern = regexp.MustCompile(`^ins-[0-9a-f]{16}$`)
)

// maxSessionDuration is the longest session that AWS offers for an application.
const maxSessionDuration = 12 * time.Hour

// complete makes what the settings left to us: IDs, certificates, defaults.
func (s *Simulator) complete(c *Settings) error {
	for i := range c.People {
		if c.People[i].ID == "" {
			c.People[i].ID = newUUID()
		}
	}
	for i := range c.Groups {
		if c.Groups[i].ID == "" {
			c.Groups[i].ID = newUUID()
		}
	}
	for i := range c.Applications {
		a := &c.Applications[i]
		if a.ID == "" {
			a.ID = newApplicationID()
		}
		if a.SessionDuration == 0 {
			a.SessionDuration = time.Hour
		}
		if len(a.Certificates) > 0 {
			continue
		}
		cert, err := s.generate(SHA256, 2048, defaultMonths)
		if err != nil {
			return err
		}
		cert.Active = true
		a.Certificates = []Certificate{cert}
	}
	return nil
}

func (s *Simulator) generate(algorithm string, bits, months int) (Certificate, error) {
	key, err := s.newKey(bits)
	if err != nil {
		return Certificate{}, fmt.Errorf("make a key: %w", err)
	}
	return newCertificate(key, algorithm, s.now(), months)
}

// check returns every problem of the settings, joined; nil when there is none.
func (c *Settings) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !regionPattern.MatchString(c.Region) {
		bad("region %q: write it as in us-east-1", c.Region)
	}
	if !accountPattern.MatchString(c.Account) {
		bad("account %q: write 12 digits", c.Account)
	}
	groups := map[string]bool{}
	for _, g := range c.Groups {
		if problem := nameProblem(g.Name); problem != "" {
			bad("group %q: %s", g.Name, problem)
		}
		if groups[g.Name] {
			bad("group %q: there are two", g.Name)
		}
		groups[g.Name] = true
	}
	people := map[string]bool{}
	for _, p := range c.People {
		if problem := nameProblem(p.Username); problem != "" {
			bad("person %q: %s", p.Username, problem)
		}
		if people[strings.ToLower(p.Username)] {
			bad("person %q: there are two with this username", p.Username)
		}
		people[strings.ToLower(p.Username)] = true
		for _, g := range p.Groups {
			if !groups[g] {
				bad("person %q: there is no group %q", p.Username, g)
			}
		}
	}
	for f, m := range c.StoreFaults {
		if _, ok := storeFaultInfo(f); !ok || (m != Once && m != On) {
			bad("%v error %q of the Identity Store API with mode %q", ErrUnknown, f, m)
		}
	}
	ids := map[string]bool{}
	for i := range c.Applications {
		a := &c.Applications[i]
		if ids[a.ID] {
			bad("application %q: there are two with the ID %s", a.Name, a.ID)
		}
		ids[a.ID] = true
		errs = append(errs, a.check())
	}
	return errors.Join(errs...)
}

// nameProblem says what is wrong with a name; empty when nothing is.
func nameProblem(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "write a name"
	case len(name) > 128:
		return "write at most 128 characters"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "leave out control characters"
	}
	return ""
}

func (a *Application) check() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("application %q: %s", a.Name, fmt.Sprintf(format, args...)))
	}
	if problem := nameProblem(a.Name); problem != "" {
		bad("%s", problem)
	}
	if !applicationPattern.MatchString(a.ID) {
		bad("ID %q is not ins- and 16 hexadecimal digits", a.ID)
	}
	if a.SessionDuration < 15*time.Minute || a.SessionDuration > maxSessionDuration {
		bad("choose a session duration from 15 minutes to 12 hours")
	}
	for label, address := range map[string]string{"Application ACS URL": a.ACS, "Application start URL": a.StartURL} {
		if address != "" && !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
			bad("%s: write an address that starts with https:// or http://", label)
		}
	}
	if a.Subject.Source != "" && nameIDFormat(a.Subject.Format) == "" {
		bad("Subject: choose the format unspecified, emailAddress, persistent or transient")
	}
	for _, m := range a.Attributes {
		if !slices.Contains(attributeFormats(), m.Format) {
			bad("attribute %q: choose the format unspecified, basic or uri", m.Name)
		}
		if m.Name == "" || m.Source == "" {
			bad("attribute %q: write both the name and the value", m.Name)
		}
	}
	active := 0
	for _, c := range a.Certificates {
		if c.Active {
			active++
		}
		if _, err := c.signer(); err != nil {
			bad("%v", err)
		}
	}
	if active != 1 || len(a.Certificates) > 2 {
		bad("an application has one or two certificates, and exactly one of them is active")
	}
	for f, m := range a.Faults {
		if _, ok := faultInfo(f); !ok || (m != Once && m != On) {
			bad("%v fault %q with mode %q", ErrUnknown, f, m)
		}
	}
	return errors.Join(errs...)
}

// nameIDFormats and attributeFormats are what the console offers for the
// Subject row and for the others.
func nameIDFormats() []string {
	return []string{"unspecified", "emailAddress", "persistent", "transient"}
}

func attributeFormats() []string { return []string{"unspecified", "basic", "uri"} }

// nameIDFormat returns a Subject format's name on the wire (SAML 2.0 core
// §8.3: the first two are of SAML 1.1); empty for an unknown one.
func nameIDFormat(short string) string {
	switch short {
	case "unspecified", "emailAddress":
		return "urn:oasis:names:tc:SAML:1.1:nameid-format:" + short
	case "persistent", "transient":
		return "urn:oasis:names:tc:SAML:2.0:nameid-format:" + short
	}
	return ""
}

// newUUID is a random UUID, version 4, in lower case.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func newApplicationID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return "ins-" + hex.EncodeToString(b[:])
}

// pathID is the application's part of its SAML addresses.
func (c *Settings) pathID(applicationID string) string {
	return base64.StdEncoding.EncodeToString([]byte(c.Account + "_" + applicationID))
}

// entityID is the "IAM Identity Center SAML issuer URL". It names AWS's host
// wherever the simulator runs, because that is what relying parties store.
func (c *Settings) entityID(applicationID string) string {
	suffix := "amazonaws.com"
	if strings.HasPrefix(c.Region, "cn-") {
		suffix = "amazonaws.com.cn"
	}
	return "https://portal.sso." + c.Region + "." + suffix + "/saml/assertion/" + c.pathID(applicationID)
}

func fileExists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
