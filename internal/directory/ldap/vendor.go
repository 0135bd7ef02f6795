package ldap

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// preset is what a kind of server calls things. Settings override each.
type preset struct {
	title     string
	id        string // permanent and unique, of people and groups
	foreign   string // under which other sources know the same person; may be empty
	people    string // filter
	groups    string // filter
	username  string
	email     []string // the first that an entry has
	first     []string
	last      []string
	display   []string
	groupName string
	primary   string // attribute of a person that names the primary group
	status    []string
	judge     func(e entry, now time.Time) (why string) // why somebody is disabled; empty: is not
}

// presets are the vendors' names for things. Sources: MS-ADA1 to 3, OpenLDAP's
// slapo-ppolicy(5), RFC 2307 and 2798, the manuals of 389 DS and FreeIPA.
var presets = map[model.Vendor]preset{
	model.VendorActiveDirectory: {
		title: "Active Directory", id: "objectGUID", foreign: "objectGUID",
		people: "(&(objectCategory=person)(objectClass=user)(sAMAccountName=*))", groups: "(objectClass=group)",
		username: "sAMAccountName", email: []string{"mail"}, first: []string{"givenName"}, last: []string{"sn"},
		display: []string{"displayName", "cn"}, groupName: "cn", primary: "primaryGroupID",
		status: []string{"userAccountControl", "accountExpires"}, judge: disabledInAD,
	},
	model.VendorOpenLDAP: {
		title: "OpenLDAP", id: "entryUUID",
		people: "(objectClass=inetOrgPerson)", groups: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))",
		username: "uid", email: []string{"mail"}, first: []string{"givenName"}, last: []string{"sn"},
		display: []string{"displayName", "cn"}, groupName: "cn", primary: "gidNumber",
		status: []string{"pwdAccountLockedTime"}, judge: lockedForGood,
	},
	model.VendorPOSIX: {
		title: "OpenLDAP with POSIX accounts", id: "entryUUID",
		people: "(objectClass=posixAccount)", groups: "(objectClass=posixGroup)",
		username: "uid", email: []string{"mail"}, first: []string{"givenName"}, last: []string{"sn"},
		display: []string{"displayName", "gecos", "cn"}, groupName: "cn", primary: "gidNumber",
		status: []string{"pwdAccountLockedTime", "shadowExpire"},
		judge: func(e entry, now time.Time) string {
			if why := lockedForGood(e, now); why != "" {
				return why
			}
			return expiredShadow(e, now)
		},
	},
	model.Vendor389DS: {
		title: "389 Directory Server", id: "nsUniqueId",
		people: "(|(objectClass=inetOrgPerson)(objectClass=nsPerson))", groups: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames))",
		username: "uid", email: []string{"mail"}, first: []string{"givenName"}, last: []string{"sn"},
		display: []string{"displayName", "cn"}, groupName: "cn", primary: "gidNumber",
		status: []string{"nsAccountLock"}, judge: lockedIn389,
	},
	model.VendorFreeIPA: {
		title: "FreeIPA", id: "ipaUniqueID",
		people: "(objectClass=inetOrgPerson)", groups: "(objectClass=ipausergroup)",
		username: "uid", email: []string{"mail"}, first: []string{"givenName"}, last: []string{"sn"},
		display: []string{"displayName", "cn"}, groupName: "cn", primary: "gidNumber",
		status: []string{"nsAccountLock"}, judge: lockedIn389,
	},
}

// disabledInAD: bit 2 of userAccountControl, or an account that has expired. A
// lock-out after wrong passwords is over by itself, and no leaver.
func disabledInAD(e entry, now time.Time) string {
	control := e.first("userAccountControl")
	if n, err := strconv.ParseInt(control, 10, 64); err == nil && n&2 != 0 {
		return "userAccountControl " + control
	}
	if end, ok := windowsTime(e.first("accountExpires")); ok && !now.Before(end) {
		return "accountExpires " + day(end)
	}
	return ""
}

// lockedForGood is what an administrator writes. Any other time is a lock-out after
// wrong passwords, which is over by itself.
func lockedForGood(e entry, _ time.Time) string {
	if e.first("pwdAccountLockedTime") == "000001010000Z" {
		return "pwdAccountLockedTime 000001010000Z"
	}
	return ""
}

// expiredShadow: days since 1970 from which the account is over; negative: never.
func expiredShadow(e entry, now time.Time) string {
	days := e.first("shadowExpire")
	n, err := strconv.ParseInt(days, 10, 32)
	if err != nil || n < 0 || now.Unix()/86400 < n {
		return ""
	}
	return "shadowExpire " + days + " (" + day(time.Unix(n*86400, 0)) + ")"
}

// day is a date beside the directory's own value.
func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func lockedIn389(e entry, _ time.Time) string {
	if value := e.first("nsAccountLock"); strings.EqualFold(value, "true") {
		return "nsAccountLock " + value
	}
	return ""
}

// What root DSEs say. Source: MS-ADTS 3.1.1.3.4.3; OpenLDAP and 389 DS themselves.
const (
	capabilityAD   = "1.2.840.113556.1.4.800"
	capabilityLDS  = "1.2.840.113556.1.4.1851"
	pagedResults   = "1.2.840.113556.1.4.319"
	openLDAPClass  = "OpenLDAProotDSE"
	vendor389      = "389 project"
	attributeOfIPA = "ipa"
)

// recognize says what kind of server a root DSE belongs to, and what to call it.
func recognize(root entry) (model.Vendor, string) {
	has := func(attribute, value string) bool {
		for _, v := range root.all(attribute) {
			if strings.EqualFold(v, value) {
				return true
			}
		}
		return false
	}
	vendor := root.first("vendorName")
	switch {
	case has("supportedCapabilities", capabilityAD) && strings.Contains(strings.ToLower(vendor), "samba"):
		return model.VendorActiveDirectory, "Active Directory (Samba)"
	case has("supportedCapabilities", capabilityAD):
		return model.VendorActiveDirectory, presets[model.VendorActiveDirectory].title
	case has("supportedCapabilities", capabilityLDS):
		return model.VendorActiveDirectory, "Active Directory Lightweight Directory Services"
	case strings.Contains(strings.ToLower(vendor), vendor389) && root.anyStarts(attributeOfIPA):
		return model.VendorFreeIPA, presets[model.VendorFreeIPA].title
	case strings.Contains(strings.ToLower(vendor), vendor389):
		return model.Vendor389DS, presets[model.Vendor389DS].title
	case has("structuralObjectClass", openLDAPClass), has("objectClass", openLDAPClass):
		return model.VendorOpenLDAP, presets[model.VendorOpenLDAP].title
	}
	return model.VendorAuto, ""
}

// layout is where things are and what they are called, of settings and vendor.
type layout struct {
	preset

	vendor     model.Vendor
	kind       string // of the server, in words
	peopleBase string
	groupsBase string
	nested     bool
}

// layOut joins what the settings say with what the server says of itself.
func (s *session) layOut() error {
	settings := s.reader.settings
	recognized, kind := recognize(s.root)
	l := layout{vendor: settings.Vendor, kind: kind, nested: settings.Groups.Nested}
	switch {
	case l.vendor == model.VendorAuto || l.vendor == "":
		if l.vendor = recognized; recognized == model.VendorAuto {
			l.vendor, l.kind = model.VendorOpenLDAP, "an LDAP server that does not say its kind"
			s.remark("The server does not say what kind of directory it is, so it is read like OpenLDAP.")
		}
	case recognized == model.VendorAuto:
		l.kind = presets[l.vendor].title
	case recognized != l.vendor && (recognized != model.VendorOpenLDAP || l.vendor != model.VendorPOSIX):
		s.remark(fmt.Sprintf("The server says that it is %s, and the settings say %s.", kind, presets[l.vendor].title))
	}
	base, err := s.base()
	if err != nil {
		return err
	}
	l.preset = presets[l.vendor]
	u, g := settings.Users, settings.Groups
	l.peopleBase, l.groupsBase = cmp.Or(u.Base, base), cmp.Or(g.Base, base)
	l.people, l.groups = cmp.Or(u.Filter, l.people), cmp.Or(g.Filter, l.groups)
	l.username, l.groupName = cmp.Or(u.Username, l.username), cmp.Or(g.Name, l.groupName)
	l.email, l.first = override(u.Email, l.email), override(u.FirstName, l.first)
	l.last, l.display = override(u.LastName, l.last), override(u.DisplayName, l.display)
	s.layout = l
	return nil
}

func override(set string, preset []string) []string {
	if set != "" {
		return []string{set}
	}
	return preset
}

// personID is the attribute of the stable id of people. That of groups is the vendor's.
func (s *session) personID() string { return cmp.Or(s.reader.settings.Users.ID, s.layout.id) }
