package sources

import (
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/ui"
)

// Fields of the form of a source.
const (
	FieldSlug       = "slug"
	FieldName       = "name"
	FieldConnection = "connection"
	FieldRevision   = "revision"
	FieldSetup      = "setup" // slug of the connection whose setup asks for the source, in an address
	FieldSecret     = "secret"
	FieldSecretKey  = "secret_key" // of static keys: the secret one; FieldSecret is the id

	FieldInterval          = "interval"
	FieldCreate            = "create"
	FieldAdopt             = "adopt_existing"
	FieldGrace             = "absence_grace"
	FieldDeactivatePercent = "deactivate_percent"
	FieldDeactivateMin     = "deactivate_min"
	FieldGroupPercent      = "group_percent"
	FieldRenamePercent     = "rename_percent"
	FieldRenameMin         = "rename_min"
	FieldGroupMode         = "group_mode"
	FieldGroupPrefix       = "group_prefix"
	FieldGroupMap          = "group_map"

	FieldURLs          = "urls"
	FieldEncryption    = "encryption"
	FieldTrust         = "trust"
	FieldCA            = "ca"
	FieldFingerprint   = "fingerprint"
	FieldBindDN        = "bind_dn"
	FieldBase          = "base"
	FieldVendor        = "vendor"
	FieldUsersBase     = "users_base"
	FieldUsersFilter   = "users_filter"
	FieldUsersID       = "users_id"
	FieldUsersUsername = "users_username"
	FieldUsersEmail    = "users_email"
	FieldUsersFirst    = "users_first_name"
	FieldUsersLast     = "users_last_name"
	FieldUsersDisplay  = "users_display_name"
	FieldGroupsBase    = "groups_base"
	FieldGroupsFilter  = "groups_filter"
	FieldGroupsName    = "groups_name"
	FieldNested        = "nested"
	FieldReadAtLogin   = "read_at_login" // SourceLDAP and SourceAWS

	FieldRegion      = "region"
	FieldStore       = "identity_store_id"
	FieldRole        = "role_arn"
	FieldCredentials = "credentials"
)

// Values of the choices of the form.
const (
	EncryptionTLS      = "ldaps"
	EncryptionStartTLS = "start_tls"
	EncryptionNone     = "none"

	TrustSystem      = "system"
	TrustCA          = "ca"
	TrustFingerprint = "fingerprint"

	CredentialsSurroundings = "surroundings"
	CredentialsKeys         = "keys"
)

// documentNames are the fields as the judge of the settings and the configuration
// document name them.
var documentNames = map[string]string{
	"slug": FieldSlug, "name": FieldName, "interval": FieldInterval, "absence_grace": FieldGrace,
	"limits.deactivate_percent": FieldDeactivatePercent, "limits.deactivate_min": FieldDeactivateMin, "limits.group_percent": FieldGroupPercent,
	"limits.rename_percent": FieldRenamePercent, "limits.rename_min": FieldRenameMin,
	"groups.mode": FieldGroupMode, "groups.prefix": FieldGroupPrefix, "groups.map": FieldGroupMap,
	"ldap.urls": FieldURLs, "ldap.start_tls": FieldEncryption, "ldap.ca": FieldCA, "ldap.fingerprint": FieldFingerprint, "ldap.bind_dn": FieldBindDN,
	"ldap.vendor": FieldVendor, "ldap.base": FieldBase, "ldap.users.base": FieldUsersBase, "ldap.users.filter": FieldUsersFilter,
	"ldap.users.id": FieldUsersID, "ldap.users.username": FieldUsersUsername, "ldap.users.email": FieldUsersEmail, "ldap.users.first_name": FieldUsersFirst,
	"ldap.users.last_name": FieldUsersLast, "ldap.users.display_name": FieldUsersDisplay,
	"ldap.groups.base": FieldGroupsBase, "ldap.groups.filter": FieldGroupsFilter, "ldap.groups.name": FieldGroupsName,
	"aws.region": FieldRegion, "aws.identity_store_id": FieldStore, "aws.role_arn": FieldRole,
}

// FieldOf is the form's field for one that the judge names.
func FieldOf(document string) (string, bool) {
	field, ok := documentNames[document]
	return field, ok
}

// Form is what is typed, or stored, of a source.
type Form struct {
	Kind      model.SourceKind
	Slug      string // of one that is there; empty: a new one
	Revision  int
	HasSecret bool
	Values    map[string]string // of the fields of the kind that hold text or a choice
	Ticks     map[string]bool   // of its check boxes
	Secret    string            // typed just now: never shown again
	SecretKey string
	Problems  []model.Problem
	// Connections are those whose application a source of AWS can belong to.
	Connections []ui.Option
	// AskSecret: the address or the trust changed, so the password is asked for again.
	AskSecret bool
}

func (f Form) isNew() bool { return f.Slug == "" }

func (f Form) problem(field string) string { return ui.ProblemOf(f.Problems, field) }

// input is a text field of the form.
func (f Form) input(name, label, hint string) ui.Input {
	return ui.Input{Name: name, Label: label, Hint: hint, Value: f.Values[name], Problem: f.problem(name), Autocomplete: "off"}
}

func (f Form) required(name, label, hint string) ui.Input {
	in := f.input(name, label, hint)
	in.Required = true
	return in
}

// written are the named fields that hold something or are wrong: a fold over them is open.
func (f Form) written(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return f.Values[n] != "" || f.problem(n) != "" })
}

func (f Form) choices(name string, choices ...ui.Choice) []ui.Choice {
	for i := range choices {
		choices[i].Checked = choices[i].Value == f.Values[name]
	}
	return choices
}

// KindWord is what a kind is called.
func KindWord(k model.SourceKind) string {
	switch k {
	case model.SourceAWS:
		return "AWS IAM Identity Center"
	case model.SourceLDAP:
		return "LDAP or Active Directory"
	case model.SourceSCIM:
		return "Identity provider (SCIM)"
	default:
		return string(k)
	}
}

func vendorWord(v model.Vendor) string {
	switch v {
	case model.VendorAuto:
		return "As the server says of itself"
	case model.VendorActiveDirectory:
		return "Active Directory"
	case model.VendorOpenLDAP:
		return "OpenLDAP"
	case model.VendorPOSIX:
		return "OpenLDAP with posixAccount"
	case model.Vendor389DS:
		return "389 Directory Server"
	case model.VendorFreeIPA:
		return "FreeIPA"
	default:
		return string(v)
	}
}

func vendors(chosen string) []ui.Option {
	var options []ui.Option
	for _, v := range model.Vendors() {
		options = append(options, ui.Option{Value: string(v), Label: vendorWord(v), Selected: string(v) == chosen})
	}
	return options
}

// StatusWord is a state of a source.
func StatusWord(s model.SourceStatus) string {
	switch s {
	case model.SourceDraft:
		return "draft"
	case model.SourceLive:
		return "live"
	case model.SourcePaused:
		return "paused"
	default:
		return string(s)
	}
}

// ProposedSlug is the short name for a new source of a kind.
func ProposedSlug(kind model.SourceKind) string {
	return strings.ReplaceAll(string(kind), "ldap", "directory")
}

// NewTitle is the heading of the form of a new source.
func NewTitle(kind model.SourceKind) string { return "Connect " + KindWord(kind) }
