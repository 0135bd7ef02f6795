package sso

import "time"

// Certificate is one signing certificate of an identity provider.
type Certificate struct {
	Raw         []byte // DER
	Fingerprint string // SHA-256, upper-case hex with colons
	Subject     string
	NotBefore   time.Time
	NotAfter    time.Time
	KeyType     string // for example "RSA-2048"
	Findings    []Finding
}

// Finding is something that an administrator should know about metadata.
type Finding struct {
	Code     string // permanent
	Blocking bool
	Text     string
}

// IdentityProvider is what the metadata of an identity provider says.
type IdentityProvider struct {
	EntityID      string
	RedirectURL   string // single sign-on, HTTP-Redirect binding; empty: not offered
	PostURL       string // single sign-on, HTTP-POST binding; empty: not offered
	LogoutURL     string // empty: none
	NameIDFormats []string
	Certificates  []Certificate
	ValidUntil    time.Time // zero: not limited
	Region        string    // this and the next three are decoded from an AWS entity ID; empty when it is not AWS's
	Partition     string
	AccountID     string
	InstanceID    string
	Findings      []Finding // of the metadata and all certificates
}

// MetadataOptions says under which circumstances metadata is read.
type MetadataOptions struct {
	Now               time.Time
	AllowLoopbackHTTP bool   // http://localhost, for the simulated AWS
	OurEntityID       string // to recognize our own metadata; empty: unknown
}

// ParseMetadata reads the metadata of one identity provider. The error is or
// wraps a *PasteError.
func ParseMetadata(xml []byte, o MetadataOptions) (*IdentityProvider, error) {
	return nil, &PasteError{Code: PasteNotXML}
}
