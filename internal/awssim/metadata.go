package awssim

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
)

// MetadataURL is the "IAM Identity Center SAML metadata file" address of an application.
func (s *Simulator) MetadataURL(id string) string { return s.samlURL("metadata", id) }

// SignInURL is the "IAM Identity Center sign-in URL" of an application.
func (s *Simulator) SignInURL(id string) string {
	if a := s.Application(id); a != nil && a.Faults[VariationDualStack] != Off {
		return strings.Replace(s.samlURL("assertion", id), s.base, s.base+"/api.aws", 1)
	}
	return s.samlURL("assertion", id)
}

// SignOutURL is the "IAM Identity Center sign-out URL" of an application.
func (s *Simulator) SignOutURL(id string) string { return s.samlURL("logout", id) }

// IssuerURL is the "IAM Identity Center SAML issuer URL" of an application.
func (s *Simulator) IssuerURL(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings.entityID(id)
}

func (s *Simulator) samlURL(kind, id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base + "/saml/" + kind + "/" + s.settings.pathID(id)
}

// Metadata is the metadata file of an application; nil when there is no such
// application. It changes when Subject is mapped, as AWS's does.
func (s *Simulator) Metadata(id string) []byte {
	app := s.Application(id)
	if app == nil {
		return nil
	}
	active, err := app.active()
	if err != nil {
		return nil
	}
	cert, err := active.parse()
	if err != nil {
		return nil
	}
	format := el("md:NameIDFormat")
	if app.Subject.Source != "" {
		format.add(text(nameIDFormat(app.Subject.Format)))
	}
	service := func(name, binding, location string) *element {
		return el("md:"+name, "Binding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-"+binding, "Location", location)
	}
	root := el("md:EntityDescriptor", "entityID", s.IssuerURL(id)).declare("md", "urn:oasis:names:tc:SAML:2.0:metadata").add(
		el("md:IDPSSODescriptor", "WantAuthnRequestsSigned", "false", "protocolSupportEnumeration", protocolNS).add(
			el("md:KeyDescriptor", "use", "signing").add(
				el("ds:KeyInfo").declare("ds", dsigNS).add(el("ds:X509Data").add(el("ds:X509Certificate").add(
					text(base64.StdEncoding.EncodeToString(cert.Raw)))))),
			service("SingleLogoutService", "POST", s.SignOutURL(id)),
			service("SingleLogoutService", "Redirect", s.SignOutURL(id)),
			format,
			service("SingleSignOnService", "POST", s.SignInURL(id)),
			service("SingleSignOnService", "Redirect", s.SignInURL(id)),
		))
	indent(root, "\n")
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>`)
	root.wire(&b)
	return []byte(b.String() + "\n")
}

// indent puts each child element on a line of its own, two spaces deeper.
func indent(e *element, before string) {
	var nodes []node
	for _, c := range e.children {
		child, ok := c.(*element)
		if !ok {
			return // text stays as it is
		}
		indent(child, before+"  ")
		nodes = append(nodes, text(before+"  "), child)
	}
	if len(nodes) > 0 {
		e.children = append(nodes, text(before))
	}
}

// applicationMetadata is what AWS takes from an uploaded metadata file.
type applicationMetadata struct {
	XMLName  xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:metadata EntityDescriptor"`
	EntityID string   `xml:"entityID,attr"`
	Services []struct {
		Binding  string `xml:"Binding,attr"`
		Location string `xml:"Location,attr"`
		Default  bool   `xml:"isDefault,attr"`
	} `xml:"SPSSODescriptor>AssertionConsumerService"`
}

// readApplicationMetadata returns the ACS URL and the audience of an uploaded
// "application SAML metadata file".
func readApplicationMetadata(data []byte) (acs, audience string, err error) {
	var m applicationMetadata
	if err := xml.Unmarshal(data, &m); err != nil {
		return "", "", fmt.Errorf("the file is not SAML metadata: %w", err)
	}
	for _, service := range m.Services {
		if strings.HasSuffix(service.Binding, ":HTTP-POST") && (acs == "" || service.Default) {
			acs = service.Location
		}
	}
	if acs == "" || m.EntityID == "" {
		return "", "", errors.New("the file has no entity ID or no assertion consumer service with the HTTP-POST binding")
	}
	return acs, m.EntityID, nil
}
