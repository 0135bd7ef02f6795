package model

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"
)

// SourceKind is how a source tells of people: it is read, or it pushes.
type SourceKind string

// Kinds of sources.
const (
	SourceAWS  SourceKind = "aws"  // AWS's own directory, read through the Identity Store
	SourceLDAP SourceKind = "ldap" // LDAP or Active Directory, read
	SourceSCIM SourceKind = "scim" // an identity provider that pushes by SCIM 2.0
)

// SourceKinds are all kinds, in the order in which they are offered.
func SourceKinds() []SourceKind { return []SourceKind{SourceAWS, SourceLDAP, SourceSCIM} }

// Reads tells whether a source of the kind is read by runs. One that pushes has none.
func (k SourceKind) Reads() bool { return k == SourceAWS || k == SourceLDAP }

// SourceStatus says whether what a source tells is carried out.
type SourceStatus string

// States of sources. A draft is read, or answers, and changes nothing.
const (
	SourceDraft  SourceStatus = "draft"
	SourceLive   SourceStatus = "live"
	SourcePaused SourceStatus = "paused"
)

// SourceStatuses are all states.
func SourceStatuses() []SourceStatus { return []SourceStatus{SourceDraft, SourceLive, SourcePaused} }

// GroupMode says which groups of a source become groups here.
type GroupMode string

// Ways to name groups here.
const (
	GroupsNone   GroupMode = "none"   // none: they stay in the mirror
	GroupsSame   GroupMode = "same"   // all, under their own names
	GroupsPrefix GroupMode = "prefix" // all, with a prefix before their names
	GroupsMap    GroupMode = "map"    // those that are named, each with our name
)

// GroupModes are all ways, in the order in which they are offered.
func GroupModes() []GroupMode { return []GroupMode{GroupsSame, GroupsPrefix, GroupsMap, GroupsNone} }

// GroupMapping is how groups of a source are called here.
type GroupMapping struct {
	Mode   GroupMode         `json:"mode"`
	Prefix string            `json:"prefix,omitempty"`
	Map    map[string]string `json:"map,omitempty"` // their name: our name
}

// Ours is what the group of that name is called here; empty: it is no group here.
func (m GroupMapping) Ours(theirs string) string {
	switch m.Mode {
	case GroupsSame:
		return theirs
	case GroupsPrefix:
		return m.Prefix + theirs
	case GroupsMap:
		if ours, ok := m.Map[theirs]; ok {
			return ours
		}
		for name, ours := range m.Map {
			if Key(name) == Key(theirs) {
				return ours
			}
		}
	case GroupsNone:
	}
	return ""
}

// SourceLimits is what a run may do without a person's approval. Percentages are of
// the source's active people, and of a group's members.
type SourceLimits struct {
	DeactivatePercent int `json:"deactivate_percent"`
	DeactivateMin     int `json:"deactivate_min"` // so many are let through in any case
	GroupPercent      int `json:"group_percent"`
	RenamePercent     int `json:"rename_percent"`
	RenameMin         int `json:"rename_min"`
}

// DefaultSourceLimits are those of a new source.
func DefaultSourceLimits() SourceLimits {
	return SourceLimits{DeactivatePercent: 10, DeactivateMin: 5, GroupPercent: 20, RenamePercent: 5, RenameMin: 5}
}

// Source is a place that users and groups are read from or pushed by.
type Source struct {
	ID            int64
	Slug          string
	Name          string
	Kind          SourceKind
	Status        SourceStatus
	Interval      time.Duration // between runs; SourceSCIM: zero
	Create        bool          // makes users
	AdoptExisting bool          // takes over a user without a home who has the same username
	Connection    string        // SourceAWS: slug of the connection whose stable ids these are; may be empty
	Groups        GroupMapping
	Limits        SourceLimits
	AbsenceGrace  int // complete runs that somebody may be missing
	LDAP          LDAPSettings
	AWS           AWSSettings
	Revision      int // counts changes of the settings, so that two people do not overwrite each other

	HasSecret     bool      // a bind password or static keys are kept; SourceSCIM: it has a token
	SecretSetAt   time.Time // zero: never
	ApprovedFor   string    // Reading() of the settings under which a plan was carried out; empty: none was
	NextIsDry     bool      // the next run changes nothing, whatever else holds
	NextRunAt     time.Time // zero: not scheduled
	CreatedAt     time.Time
	UpdatedAt     time.Time
	FailuresInRow int       // runs that failed or were incomplete since the last good one
	LastGoodAt    time.Time // end of the last run that read everything; zero: none has
}

// ReadsAtLogin tells whether a login reads its person from the source first: one that is
// live, and whose settings are those under which a plan was carried out.
func (s Source) ReadsAtLogin() bool {
	asked := s.Kind == SourceLDAP && s.LDAP.ReadAtLogin || s.Kind == SourceAWS && s.AWS.ReadAtLogin && s.Connection != ""
	return asked && s.Status == SourceLive && !s.NextIsDry && s.ApprovedFor == s.Reading()
}

// NewSource is a source of the kind as it is before anything was decided.
func NewSource(kind SourceKind) Source {
	s := Source{Kind: kind, Status: SourceDraft, Create: true, AdoptExisting: true, Groups: GroupMapping{Mode: GroupsSame},
		Limits: DefaultSourceLimits()}
	if kind.Reads() {
		s.Interval = 30 * time.Minute
	}
	if kind == SourceAWS {
		s.AbsenceGrace = 1 // pages of the Identity Store are no snapshot
		s.Groups.Mode = GroupsNone
	}
	if kind == SourceLDAP {
		s.LDAP.Vendor, s.LDAP.Groups.Nested = VendorAuto, true
	}
	return s
}

// Bounds of the interval between two runs.
const (
	MinSourceInterval = 5 * time.Minute
	MaxSourceInterval = 24 * time.Hour
)

// AWSSettings is where an AWS directory is read.
type AWSSettings struct {
	Region           string `json:"region"`
	IdentityStoreID  string `json:"identity_store_id"`
	RoleARN          string `json:"role_arn,omitempty"`    // assumed before reading
	ExternalID       string `json:"external_id,omitempty"` // of that role's trust policy; made here
	FromSurroundings bool   `json:"from_surroundings"`     // an administrator chose the machine's own credentials
	ReadAtLogin      bool   `json:"read_at_login"`         // a login through the source's connection reads its person first
	Endpoint         string `json:"endpoint,omitempty"`    // only from the configuration document: https, or http to loopback
}

// WithExternalID are the settings with an external ID, where a role is to be assumed and
// there is none yet: nobody else can guess it, so nobody else makes Postern read with
// the role's rights.
func (a AWSSettings) WithExternalID() AWSSettings {
	if a.RoleARN != "" && a.ExternalID == "" {
		a.ExternalID = "postern-" + strings.ToLower(rand.Text())
	}
	return a
}

// Vendor is the kind of LDAP server, with its names for things.
type Vendor string

// Vendors.
const (
	VendorAuto            Vendor = "auto" // as the server says of itself
	VendorActiveDirectory Vendor = "active_directory"
	VendorOpenLDAP        Vendor = "openldap"
	VendorPOSIX           Vendor = "posix" // OpenLDAP with posixAccount and posixGroup
	Vendor389DS           Vendor = "389ds"
	VendorFreeIPA         Vendor = "freeipa"
)

// Vendors are all vendors, in the order in which they are offered.
func Vendors() []Vendor {
	return []Vendor{VendorAuto, VendorActiveDirectory, VendorOpenLDAP, VendorPOSIX, Vendor389DS, VendorFreeIPA}
}

// LDAPSettings is where and how an LDAP directory is read. The password of the
// account is kept apart, sealed.
type LDAPSettings struct {
	URLs        []string   `json:"urls"` // ldap:// or ldaps://, tried in this order
	StartTLS    bool       `json:"start_tls"`
	AllowPlain  bool       `json:"allow_plain"`           // without encryption: a named, audited choice
	Fingerprint string     `json:"fingerprint,omitempty"` // SHA-256 of the server's certificate, lower-case hex, in place of an authority
	CA          string     `json:"ca,omitempty"`          // PEM of one or more authorities; empty: the system's
	BindDN      string     `json:"bind_dn"`
	Vendor      Vendor     `json:"vendor"`
	Base        string     `json:"base"`
	Users       LDAPUsers  `json:"users"`
	Groups      LDAPGroups `json:"groups"`
	ReadAtLogin bool       `json:"read_at_login"` // a login reads its person first
}

// LDAPUsers says where people are and what their attributes are called. What is
// empty is the vendor's.
type LDAPUsers struct {
	Base        string `json:"base,omitempty"`
	Filter      string `json:"filter,omitempty"`
	ID          string `json:"id,omitempty"`
	Username    string `json:"username,omitempty"`
	Email       string `json:"email,omitempty"`
	FirstName   string `json:"first_name,omitempty"`
	LastName    string `json:"last_name,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
}

// LDAPGroups says where groups are. What is empty is the vendor's.
type LDAPGroups struct {
	Base   string `json:"base,omitempty"`
	Filter string `json:"filter,omitempty"`
	Name   string `json:"name,omitempty"`
	Nested bool   `json:"nested"` // members of a member group count as members
}

// readingSettings is what decides what a run reads: after a change of it the next
// run is a dry run.
type readingSettings struct {
	Kind       SourceKind
	URLs       []string
	LDAP       []string
	Nested     bool
	AWS        []string
	Connection string
}

// Reading names what decides what a run of the source reads: servers, base, filters,
// the attribute of the id. Two settings with the same Reading read the same.
func (s Source) Reading() string {
	l, a := s.LDAP, s.AWS
	return digest(readingSettings{Kind: s.Kind, URLs: slices.Clone(l.URLs), Nested: l.Groups.Nested, Connection: s.Connection,
		LDAP: []string{string(l.Vendor), l.Base, l.Users.Base, l.Users.Filter, l.Users.ID, l.Users.Username, l.Groups.Base, l.Groups.Filter, l.Groups.Name},
		AWS:  []string{a.Region, a.IdentityStoreID, a.Endpoint}})
}

// GivingGroup is a group of a source that is a group here.
type GivingGroup struct {
	Source string // slug
	Theirs string // the group's name there
}
