package ldap

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

func unhex(t testing.TB, s string) string {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestIDs(t *testing.T) {
	t.Parallel()
	captured := unhex(t, "f02cc98e 40c6 6445 bd69 666ef81c25da") // of a Samba, and what its own tools call it
	for name, test := range map[string]struct{ attribute, value, want string }{
		"objectGUID":   {"objectGUID", captured, "8ec92cf0-c640-4564-bd69-666ef81c25da"},
		"another case": {"OBJECTguid", captured, "8ec92cf0-c640-4564-bd69-666ef81c25da"},
		"consistency":  {"mS-DS-ConsistencyGuid", captured, "8ec92cf0-c640-4564-bd69-666ef81c25da"},
		"too short":    {"objectGUID", "short", ""},
		"entryUUID":    {"entryUUID", "8EC92CF0-c640-4564-bd69-666ef81c25da", "8ec92cf0-c640-4564-bd69-666ef81c25da"},
		"nsUniqueId":   {"nsUniqueId", "66446001-1dd211b2-66225011-2ee211db", "66446001-1dd211b2-66225011-2ee211db"},
		"objectSid": {"objectSid", unhex(t, "0105 000000000005 15000000 f28a7c4b 1b6e9c20 50dee77b f4010000"),
			"S-1-5-21-1266453234-547122715-2078793296-500"},
		"broken SID":         {"objectSid", unhex(t, "0105 000000000005 15000000"), ""},
		"of an attribute":    {"employeeNumber", " A-17 ", "A-17"},
		"bytes of their own": {"someId", "\xff\x00", "ff00"},
	} {
		if got := id(test.attribute, test.value); got != test.want {
			t.Errorf("%s is %q, want %q", name, got, test.want)
		}
	}
	if raw, ok := guidBytes("8ec92cf0-c640-4564-bd69-666ef81c25da"); !ok || raw != captured {
		t.Errorf("%x, %t", raw, ok)
	}
	if got := inDomain("S-1-5-21-1-2-3-1105", "513"); got != "S-1-5-21-1-2-3-513" {
		t.Errorf("the primary group is %q", got)
	}
}

func TestDisabled(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) // day 20787
	for name, test := range map[string]struct {
		vendor           model.Vendor
		attribute, value string
		why              string
	}{
		"AD, normal":              {model.VendorActiveDirectory, "userAccountControl", "512", ""},
		"AD, disabled":            {model.VendorActiveDirectory, "userAccountControl", "66050", "userAccountControl 66050"},
		"AD, never expires":       {model.VendorActiveDirectory, "accountExpires", "9223372036854775807", ""},
		"AD, zero":                {model.VendorActiveDirectory, "accountExpires", "0", ""},
		"AD, expired":             {model.VendorActiveDirectory, "accountExpires", "134090000000000000", "accountExpires 2025-11-30"},
		"AD, expires later":       {model.VendorActiveDirectory, "accountExpires", "134412480000000000", ""},
		"AD, locked out":          {model.VendorActiveDirectory, "lockoutTime", "134090000000000000", ""},
		"AD, nonsense":            {model.VendorActiveDirectory, "userAccountControl", "two", ""},
		"OpenLDAP, for good":      {model.VendorOpenLDAP, "pwdAccountLockedTime", "000001010000Z", "pwdAccountLockedTime 000001010000Z"},
		"OpenLDAP, for a while":   {model.VendorOpenLDAP, "pwdAccountLockedTime", "20261130115900Z", ""},
		"OpenLDAP, without POSIX": {model.VendorOpenLDAP, "shadowExpire", "1", ""},
		"POSIX, never":            {model.VendorPOSIX, "shadowExpire", "-1", ""},
		"POSIX, today":            {model.VendorPOSIX, "shadowExpire", "20787", "shadowExpire 20787 (2026-11-30)"},
		"POSIX, tomorrow":         {model.VendorPOSIX, "shadowExpire", "20788", ""},
		"POSIX, switched off":     {model.VendorPOSIX, "shadowExpire", "0", "shadowExpire 0 (1970-01-01)"},
		"POSIX, locked":           {model.VendorPOSIX, "pwdAccountLockedTime", "000001010000Z", "pwdAccountLockedTime 000001010000Z"},
		"389 DS":                  {model.Vendor389DS, "nsAccountLock", "TRUE", "nsAccountLock TRUE"},
		"389 DS, not":             {model.Vendor389DS, "nsAccountLock", "false", ""},
		"389 DS, for a while":     {model.Vendor389DS, "accountUnlockTime", "20261130115900Z", ""},
		"FreeIPA":                 {model.VendorFreeIPA, "nsAccountLock", "true", "nsAccountLock true"},
	} {
		e := entry{values: map[string][]string{strings.ToLower(test.attribute): {test.value}}}
		if why := presets[test.vendor].judge(e, now); why != test.why {
			t.Errorf("%s: %q, want %q", name, why, test.why)
		}
	}
}

func TestEveryVendorHasItsPreset(t *testing.T) {
	t.Parallel()
	for _, v := range model.Vendors() {
		p, ok := presets[v]
		if v == model.VendorAuto {
			continue
		}
		settings := model.LDAPSettings{URLs: []string{"ldaps://x"}, Vendor: v, Users: model.LDAPUsers{Filter: p.people, ID: p.id, Username: p.username},
			Groups: model.LDAPGroups{Filter: p.groups, Name: p.groupName}}
		if err := Check(settings); !ok || err != nil || p.judge == nil || p.title == "" || len(p.status) == 0 {
			t.Errorf("%s: %+v, %v", v, p, err)
		}
	}
}

func TestRecognized(t *testing.T) {
	t.Parallel()
	for want, root := range map[string]map[string][]string{
		"Active Directory":                                {"supportedcapabilities": {"1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670"}},
		"Active Directory (Samba)":                        {"supportedcapabilities": {capabilityAD}, "vendorname": {"Samba Team (https://www.samba.org)"}},
		"Active Directory Lightweight Directory Services": {"supportedcapabilities": {"1.2.840.113556.1.4.1851"}},
		"389 Directory Server":                            {"vendorname": {"389 Project"}},
		"FreeIPA":                                         {"vendorname": {"389 Project"}, "ipatopologyismanaged": {"on"}},
		"OpenLDAP":                                        {"structuralobjectclass": {"OpenLDAProotDSE"}},
		"":                                                {"vendorname": {"Apache Software Foundation"}},
	} {
		if _, got := recognize(entry{values: root}); got != want {
			t.Errorf("%v is %q, want %q", root, got, want)
		}
	}
}

// A name or an address that leads to a cloud's own is refused when it is dialed.
func TestRow22NoCloudAddressIsAsked(t *testing.T) {
	t.Parallel()
	settings := model.LDAPSettings{URLs: []string{"ldaps://169.254.169.254"}, BindDN: "cn=x", Vendor: model.VendorAuto}
	if e := refusalOf(t, newReader(t, settings, "secret word")); e.Reason != "address_refused" || !strings.Contains(e.Detail, "169.254.169.254") {
		t.Errorf("said %s: %q", e.Reason, e.Detail)
	}
}

// What an administrator types is judged before anybody is asked.
func TestRow22Settings(t *testing.T) {
	t.Parallel()
	good := model.LDAPSettings{URLs: []string{"ldaps://dc1.example.com", "ldaps://[fd12::1]:3269"}, BindDN: "cn=x", Vendor: model.VendorAuto,
		Base:   `OU=A\, B,DC=x`,
		Users:  model.LDAPUsers{Filter: "(&(department=IT)(!(title=Dr*)))", ID: "objectGUID", Email: "1.2.840.113556.1.2.1"},
		Groups: model.LDAPGroups{Filter: "(memberOf:1.2.840.113556.1.4.1941:=CN=x,DC=y)"}, Fingerprint: strings.Repeat("ab", 32)}
	if err := Check(good); err != nil {
		t.Errorf("good settings: %v", err)
	}
	for name, change := range map[string]func(*model.LDAPSettings){
		"no server":          func(s *model.LDAPSettings) { s.URLs = nil },
		"too many":           func(s *model.LDAPSettings) { s.URLs = make([]string, 11) },
		"another scheme":     func(s *model.LDAPSettings) { s.URLs = []string{"https://x"} },
		"a socket":           func(s *model.LDAPSettings) { s.URLs = []string{"ldapi:///run/slapd"} },
		"datagrams":          func(s *model.LDAPSettings) { s.URLs = []string{"cldap://x"} },
		"a password":         func(s *model.LDAPSettings) { s.URLs = []string{"ldaps://me:secret@x"} },
		"a base in it":       func(s *model.LDAPSettings) { s.URLs = []string{"ldaps://x/dc=y"} },
		"no host":            func(s *model.LDAPSettings) { s.URLs = []string{"ldaps://"} },
		"plain":              func(s *model.LDAPSettings) { s.URLs = []string{"ldap://x"} },
		"fingerprint":        func(s *model.LDAPSettings) { s.Fingerprint = "abcd" },
		"no certificate":     func(s *model.LDAPSettings) { s.CA = "hello" },
		"a key":              func(s *model.LDAPSettings) { s.CA = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----" },
		"vendor":             func(s *model.LDAPSettings) { s.Vendor = "novell" },
		"base":               func(s *model.LDAPSettings) { s.Base = "example.com" },
		"base of groups":     func(s *model.LDAPSettings) { s.Groups.Base = "ou=x," },
		"filter, open":       func(s *model.LDAPSettings) { s.Users.Filter = "(a=b" },
		"filter, breaks out": func(s *model.LDAPSettings) { s.Users.Filter = "(a=b))(|(c=*)" },
		"filter, two":        func(s *model.LDAPSettings) { s.Users.Filter = "(a=b)(c=d)" },
		"filter, no signs":   func(s *model.LDAPSettings) { s.Groups.Filter = "a=b" },
		"attribute":          func(s *model.LDAPSettings) { s.Users.Username = "uid)(cn" },
		"attribute, range":   func(s *model.LDAPSettings) { s.Users.ID = "x;range=0-1" },
	} {
		s := good
		change(&s)
		err := Check(s)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
