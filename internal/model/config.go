package model

import (
	"fmt"
	"strings"
	"time"
)

// Provisioning says what a login may do to users.
type Provisioning string

// The two provisioning models.
const (
	ProvisioningJIT    Provisioning = "jit"    // create and update users as they log in
	ProvisioningManual Provisioning = "manual" // only users that exist may log in
)

// SignatureRequirement says which elements of a response must be signed.
type SignatureRequirement string

// AWS signs both; the Assertion alone is accepted only where the connection says so.
const (
	SignaturesBoth      SignatureRequirement = "both"
	SignaturesAssertion SignatureRequirement = "assertion"
)

// NameIDFormat is the NameIDPolicy sent with a request. AWS refuses ("No
// access") a format other than the one of the application's Subject row.
type NameIDFormat string

// The formats that AWS IAM Identity Center knows, and none at all (the default).
const (
	NameIDNone        NameIDFormat = "none"
	NameIDUnspecified NameIDFormat = "unspecified"
	NameIDEmail       NameIDFormat = "emailAddress"
	NameIDPersistent  NameIDFormat = "persistent"
	NameIDTransient   NameIDFormat = "transient"
)

// URN returns the format's identifier on the wire; empty for none.
// Source: SAML 2.0 core §8.3; AWS uses the 1.1 spelling for the first two.
func (f NameIDFormat) URN() string {
	switch f {
	case NameIDUnspecified, NameIDEmail:
		return "urn:oasis:names:tc:SAML:1.1:nameid-format:" + string(f)
	case NameIDPersistent, NameIDTransient:
		return "urn:oasis:names:tc:SAML:2.0:nameid-format:" + string(f)
	default:
		return ""
	}
}

// Asked is the format that requests ask for, as AWS's console names it; empty
// where they ask for none.
func (f NameIDFormat) Asked() string {
	if f == NameIDNone {
		return ""
	}
	return string(f)
}

// ExistingUsername says what to do when a new identity arrives with a username
// that is already taken.
type ExistingUsername string

// The choices for a taken username.
const (
	ExistingRefuse ExistingUsername = "refuse"
	ExistingLink   ExistingUsername = "link"
)

// MaxClockSkew is the largest tolerance that a connection may set.
const MaxClockSkew = 5 * time.Minute

// AttributeSubject as an attribute's name means the NameID of the Subject.
const AttributeSubject = "subject"

// AttributeMap names the AWS attribute ("User attribute in the application")
// behind each value of ours; "subject" is the NameID, empty means not mapped.
type AttributeMap struct {
	Username   string `json:"username" yaml:"username,omitempty"`
	Email      string `json:"email,omitempty" yaml:"email,omitempty"`
	FirstName  string `json:"first_name,omitempty" yaml:"first_name,omitempty"`
	LastName   string `json:"last_name,omitempty" yaml:"last_name,omitempty"`
	ExternalID string `json:"external_id,omitempty" yaml:"external_id,omitempty"`
	AWSGroups  string `json:"aws_groups,omitempty" yaml:"aws_groups,omitempty"`
}

// UsernameRule turns the received value into the username: first the pattern
// (RE2) with its replacement, then the domain, then the case.
type UsernameRule struct {
	Lowercase   bool   `json:"lowercase" yaml:"lowercase"`
	StripDomain bool   `json:"strip_domain" yaml:"strip_domain"`
	Pattern     string `json:"pattern" yaml:"pattern"`
	Replace     string `json:"replace" yaml:"replace"`
}

// JITRules limit what just-in-time provisioning may do.
type JITRules struct {
	Create              bool             `json:"create" yaml:"create"`
	Update              bool             `json:"update" yaml:"update"`
	ExistingUsername    ExistingUsername `json:"existing_username" yaml:"existing_username"`
	AllowedEmailDomains []string         `json:"allowed_email_domains" yaml:"allowed_email_domains"`
}

// Config is what one revision of a connection says.
type Config struct {
	Name              string               `json:"name"`
	Apps              []string             `json:"apps,omitempty"` // Atlassian apps concerned: jira, confluence, bitbucket, bamboo
	Provisioning      Provisioning         `json:"provisioning"`   // empty until chosen
	DirectorySynced   bool                 `json:"directory_synced,omitempty"`
	DirectorySource   string               `json:"directory_source,omitempty"`  // slug of the source that people come from; empty: none
	DirectoryInApps   bool                 `json:"directory_in_apps,omitempty"` // said: the apps read the directory themselves
	EntityID          string               `json:"entity_id,omitempty"`         // empty: {public_url}/saml/{slug}/metadata
	IdPMetadata       string               `json:"idp_metadata,omitempty"`
	IdPMetadataURL    string               `json:"idp_metadata_url,omitempty"` // where it was fetched, if it was
	AllowIdPInitiated bool                 `json:"allow_idp_initiated"`
	NameIDFormat      NameIDFormat         `json:"name_id_format"`
	ClockSkew         time.Duration        `json:"clock_skew"` // nanoseconds
	RequireSignatures SignatureRequirement `json:"require_signatures"`
	Attributes        AttributeMap         `json:"attributes"`
	Username          UsernameRule         `json:"username"`
	JIT               JITRules             `json:"jit"`
}

// DefaultConfig is where a connection starts: nothing mapped but the username,
// which is the Subject. The wizard proposes more (WizardAttributes).
func DefaultConfig(name string) Config {
	return Config{
		Name:              name,
		AllowIdPInitiated: true,
		NameIDFormat:      NameIDNone,
		ClockSkew:         3 * time.Minute,
		RequireSignatures: SignaturesBoth,
		Attributes:        AttributeMap{Username: AttributeSubject},
		Username:          UsernameRule{Lowercase: true},
		JIT:               JITRules{Create: true, Update: true, ExistingUsername: ExistingRefuse},
	}
}

// WizardAttributes is the attribute table that the wizard proposes to type into AWS.
func WizardAttributes() AttributeMap {
	return AttributeMap{
		Username: AttributeSubject, Email: "email", FirstName: "firstName",
		LastName: "lastName", ExternalID: "userId", AWSGroups: "groups",
	}
}

// EntityIDFor is our entity ID (AWS: "Application SAML audience") of a connection.
func (c Config) EntityIDFor(publicURL, slug string) string {
	if c.EntityID != "" {
		return c.EntityID
	}
	return strings.TrimRight(publicURL, "/") + "/saml/" + slug + "/metadata"
}

// ACSURL is the assertion consumer service of a connection (AWS: "Application ACS URL").
func ACSURL(publicURL, slug string) string {
	return strings.TrimRight(publicURL, "/") + "/saml/" + slug + "/acs"
}

// Problem is one thing wrong with a value that somebody typed.
type Problem struct {
	Field string // as in the configuration document, for example "clock_skew"
	Text  string // a sentence: what is wrong and what to do
}

func (p Problem) Error() string { return fmt.Sprintf("%s: %s", p.Field, p.Text) }
