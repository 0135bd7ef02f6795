package sso

import (
	"bytes"
	"encoding/xml"
	"fmt"

	"github.com/postern-sso/postern/internal/model"
)

// ServiceProvider is what we are to AWS on one connection.
type ServiceProvider struct {
	EntityID     string // AWS: "Application SAML audience"
	ACSURL       string // AWS: "Application ACS URL"
	NameIDFormat model.NameIDFormat
}

// Metadata is our metadata, for “Upload application SAML metadata file” in AWS.
// It names no encryption key: nothing is ever decrypted here.
func (sp ServiceProvider) Metadata() ([]byte, error) {
	if sp.EntityID == "" || sp.ACSURL == "" {
		return nil, fmt.Errorf("metadata: entity ID and assertion consumer service are needed")
	}
	type endpoint struct {
		Binding   string `xml:"Binding,attr"`
		Location  string `xml:"Location,attr"`
		Index     int    `xml:"index,attr"`
		IsDefault bool   `xml:"isDefault,attr"`
	}
	type descriptor struct {
		RequestsSigned bool     `xml:"AuthnRequestsSigned,attr"`
		WantSigned     bool     `xml:"WantAssertionsSigned,attr"`
		Protocols      string   `xml:"protocolSupportEnumeration,attr"`
		NameIDFormat   string   `xml:"NameIDFormat,omitempty"`
		ACS            endpoint `xml:"AssertionConsumerService"`
	}
	doc := struct {
		XMLName    xml.Name   `xml:"EntityDescriptor"`
		Namespace  string     `xml:"xmlns,attr"`
		EntityID   string     `xml:"entityID,attr"`
		Descriptor descriptor `xml:"SPSSODescriptor"`
	}{
		Namespace: nsMetadata, EntityID: sp.EntityID,
		Descriptor: descriptor{
			WantSigned: true, Protocols: nsProtocol, NameIDFormat: sp.NameIDFormat.URN(),
			ACS: endpoint{Binding: bindingPost, Location: sp.ACSURL, IsDefault: true},
		},
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	enc := xml.NewEncoder(&out)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

const bindingPost = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
