package sso

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/crewjam/saml"

	"github.com/postern-sso/postern/internal/model"
)

// IdentityProvider is AWS (or another identity provider) as its metadata
// describes it.
type IdentityProvider struct {
	EntityID      string
	RedirectURL   string // single sign-on, HTTP-Redirect binding
	PostURL       string // single sign-on, HTTP-POST binding
	LogoutURL     string
	NameIDFormats []string
	Certificates  []Certificate
	ValidUntil    time.Time
	// Read from an AWS entity ID; empty when it is not one.
	Region, Partition, AccountID, InstanceID string

	Findings []Finding // of the metadata and of every certificate
}

// MetadataOptions say how metadata is judged.
type MetadataOptions struct {
	Now               time.Time
	AllowLoopbackHTTP bool   // accept http:// addresses of this machine: the simulated AWS
	OurEntityID       string // to recognize our own metadata
	ToJudge           bool   // answers are judged by it, and nobody is sent to its addresses: one for POST alone will do
}

// maxMetadata is the largest metadata that is read, in bytes.
const maxMetadata = 1 << 20

// ParseMetadata reads an identity provider's metadata. Its error is a
// *PasteError that says what is wrong and what to paste instead.
func ParseMetadata(data []byte, o MetadataOptions) (*IdentityProvider, error) {
	data = MetadataText(data)
	if err := checkMetadataBytes(data); err != nil {
		return nil, err
	}
	root, err := checkMetadataTokens(data)
	if err != nil {
		return nil, err
	}
	text, odd := withoutOddTimes(data)
	entity, err := findEntity(text, root)
	if err != nil {
		return nil, err
	}
	if o.OurEntityID != "" && entity.EntityID == o.OurEntityID {
		return nil, pasteErrors["own_metadata"]
	}
	if len(entity.IDPSSODescriptors) == 0 {
		return nil, pasteErrors[recogniseApplication(entity.EntityID, o)]
	}
	idp, err := readIdentityProvider(entity, o)
	if err != nil {
		return nil, ofProvider(err, entity.EntityID)
	}
	idp.remarks(odd, !hasDeclaration(data), entity.IDPSSODescriptors[0])
	return idp, nil
}

// recogniseApplication is the code of metadata that describes no identity
// provider but somebody who has people signed in.
func recogniseApplication(entityID string, o MetadataOptions) string {
	u, err := url.Parse(entityID)
	switch {
	case strings.HasPrefix(entityID, "urn:amazon:webservices"):
		return "aws_account_metadata"
	case err == nil && isHost(u.Hostname(), signInHosts):
		return "aws_sp_metadata"
	case ours(entityID, o):
		return "own_metadata"
	default:
		return "no_idp"
	}
}

// ofProvider is what is wrong with an identity provider's metadata, without
// AWS's way out where it is not AWS's.
func ofProvider(err error, entityID string) error {
	var paste *PasteError
	if _, _, _, _, aws := AWSIdentifiers(entityID); aws || !errors.As(err, &paste) {
		return err
	}
	e, name := *paste, providerName(entityID)
	e.Remedy = "The file is not AWS's: it describes " + name + ". If that is what you want, get it again there; for AWS, bring the file of the application in AWS."
	return &e
}

const nsMetadata = "urn:oasis:names:tc:SAML:2.0:metadata"

// findEntity takes the one identity provider out of the document.
func findEntity(data []byte, root qname) (*saml.EntityDescriptor, error) {
	switch root {
	case qname{nsMetadata, "EntityDescriptor"}:
		var e saml.EntityDescriptor
		if xml.Unmarshal(data, &e) != nil {
			return nil, pasteErrors["not_metadata"]
		}
		return &e, nil
	case qname{nsMetadata, "EntitiesDescriptor"}:
		var all saml.EntitiesDescriptor
		if xml.Unmarshal(data, &all) != nil {
			return nil, pasteErrors["not_metadata"]
		}
		found := identityProviders(all)
		switch len(found) {
		case 0:
			return nil, pasteErrors["no_idp"]
		case 1:
			return found[0], nil
		}
		return nil, severalProviders(len(found))
	case protocol("Response"), assertion("Assertion"):
		return nil, pasteErrors["saml_response"]
	case protocol("AuthnRequest"):
		return nil, pasteErrors["saml_request"]
	}
	return nil, pasteErrors["not_metadata"]
}

// identityProviders are all entities of a file that sign people in, at whatever
// depth. None is valid for longer than what it is in.
func identityProviders(all saml.EntitiesDescriptor) []*saml.EntityDescriptor {
	var found []*saml.EntityDescriptor
	for i := range all.EntityDescriptors {
		if len(all.EntityDescriptors[i].IDPSSODescriptors) > 0 {
			found = append(found, &all.EntityDescriptors[i])
		}
	}
	for _, group := range all.EntitiesDescriptors {
		found = append(found, identityProviders(group)...)
	}
	for _, e := range found {
		e.ValidUntil = sooner(e.ValidUntil, all.ValidUntil)
	}
	return found
}

// sooner is the earlier of two times, of which either may be missing.
func sooner(t time.Time, other *time.Time) time.Time {
	if other != nil && (t.IsZero() || other.Before(t)) {
		return *other
	}
	return t
}

func readIdentityProvider(entity *saml.EntityDescriptor, o MetadataOptions) (*IdentityProvider, error) {
	d := entity.IDPSSODescriptors[0]
	idp := &IdentityProvider{EntityID: entity.EntityID, ValidUntil: sooner(entity.ValidUntil, d.ValidUntil)}
	if idp.EntityID == "" || len(idp.EntityID) > 1024 {
		return nil, pasteErrors["not_metadata"]
	}
	for _, f := range d.NameIDFormats {
		if f := strings.TrimSpace(string(f)); f != "" {
			idp.NameIDFormats = append(idp.NameIDFormats, f)
		}
	}
	if err := idp.readEndpoints(d, o); err != nil {
		return nil, err
	}
	if err := idp.readCertificates(d.KeyDescriptors, o.Now); err != nil {
		return nil, err
	}
	if err := idp.readAWS(); err != nil {
		return nil, err
	}
	idp.findings(o.Now)
	return idp, nil
}

func (idp *IdentityProvider) readEndpoints(d saml.IDPSSODescriptor, o MetadataOptions) error {
	for _, e := range d.SingleSignOnServices {
		location := strings.TrimSpace(e.Location)
		if e.Binding != saml.HTTPRedirectBinding && e.Binding != saml.HTTPPostBinding {
			continue
		}
		if !goodEndpoint(location, o) {
			return pasteErrors["unsupported_url"]
		}
		if e.Binding == saml.HTTPRedirectBinding && idp.RedirectURL == "" {
			idp.RedirectURL = location
		}
		if e.Binding == saml.HTTPPostBinding && idp.PostURL == "" {
			idp.PostURL = location
		}
	}
	if idp.RedirectURL == "" && (!o.ToJudge || idp.PostURL == "") {
		return pasteErrors["no_redirect"]
	}
	for _, e := range d.SingleLogoutServices {
		if location := strings.TrimSpace(e.Location); idp.LogoutURL == "" && goodEndpoint(location, o) {
			idp.LogoutURL = location
		}
	}
	return nil
}

// goodEndpoint accepts https, and http of this machine where that is allowed.
func goodEndpoint(location string, o MetadataOptions) bool {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	return u.Scheme == "https" || (u.Scheme == "http" && o.AllowLoopbackHTTP && isLoopback(u.Hostname()))
}

func isLoopback(host string) bool {
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// readCertificates keeps every signing certificate. A missing "use" means any
// use, signing included (SAML 2.0 metadata §2.4.1.1).
func (idp *IdentityProvider) readCertificates(keys []saml.KeyDescriptor, now time.Time) error {
	seen := map[string]bool{}
	for _, k := range keys {
		if k.Use != "" && k.Use != "signing" {
			continue
		}
		for _, x := range k.KeyInfo.X509Data.X509Certificates {
			der, err := certificateBytes(x.Data)
			if err != nil {
				return pasteErrors["bad_certificate"]
			}
			c, err := parseCertificate(der, now)
			if err != nil {
				return pasteErrors["bad_certificate"]
			}
			if !seen[c.Fingerprint] {
				seen[c.Fingerprint] = true
				idp.Certificates = append(idp.Certificates, c)
			}
		}
	}
	if len(idp.Certificates) == 0 {
		return pasteErrors["no_certificate"]
	}
	return nil
}

// pemLine is what stands around a certificate in a file of its own.
var pemLine = regexp.MustCompile(`-----(BEGIN|END) CERTIFICATE-----`)

// certificateBytes is the DER of what stands in X509Certificate: base64, with
// blanks, with the lines of a PEM file around it, or a whole PEM file in base64.
func certificateBytes(text string) ([]byte, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(pemLine.ReplaceAllString(text, "")), ""))
	if err == nil && pemLine.Match(der[:min(len(der), 64)]) {
		return certificateBytes(string(der))
	}
	return der, err
}

// readAWS reads region and account from AWS's addresses, and refuses metadata
// put together from two applications.
func (idp *IdentityProvider) readAWS() error {
	region, partition, account, instance, ok := AWSIdentifiers(idp.EntityID)
	if !ok {
		return nil
	}
	idp.Region, idp.Partition, idp.AccountID, idp.InstanceID = region, partition, account, instance
	for _, location := range []string{idp.RedirectURL, idp.PostURL, idp.LogoutURL} {
		if token := applicationToken(location); token != "" && token != applicationToken(idp.EntityID) {
			return pasteErrors["two_applications"]
		}
	}
	return nil
}

// AcceptsNameIDFormat tells whether a request may ask for a format: AWS refuses
// ("No access") any other than the one of its Subject row.
func (idp *IdentityProvider) AcceptsNameIDFormat(f model.NameIDFormat) bool {
	if f == model.NameIDNone || len(idp.NameIDFormats) == 0 {
		return true
	}
	for _, have := range idp.NameIDFormats {
		if have == f.URN() {
			return true
		}
	}
	return false
}
