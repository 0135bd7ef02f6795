package awssim

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxRequest bounds an AuthnRequest, inflated.
const maxRequest = 64 << 10

// authnRequest is what AWS looks at in an AuthnRequest.
type authnRequest struct {
	XMLName xml.Name `xml:"urn:oasis:names:tc:SAML:2.0:protocol AuthnRequest"`
	ID      string   `xml:"ID,attr"`
	Version string   `xml:"Version,attr"`
	ACS     string   `xml:"AssertionConsumerServiceURL,attr"`
	Issuer  string   `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	Policy  *struct {
		Format string `xml:"Format,attr"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:protocol NameIDPolicy"`
}

// parseRequest reads a SAMLRequest parameter: base64, and deflated when it
// came with the HTTP-Redirect binding. Signatures are ignored, as AWS does for
// applications made in its console.
func parseRequest(parameter string, deflated bool) (*authnRequest, error) {
	data, err := base64.StdEncoding.DecodeString(strings.Map(withoutSpace, parameter))
	if err != nil {
		return nil, fmt.Errorf("SAMLRequest is not base64: %w", err)
	}
	if deflated {
		data, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), maxRequest+1))
		if err != nil {
			return nil, fmt.Errorf("SAMLRequest does not inflate: %w", err)
		}
	}
	if len(data) > maxRequest {
		return nil, fmt.Errorf("SAMLRequest is longer than %d bytes", maxRequest)
	}
	return parseRequestXML(data)
}

func parseRequestXML(data []byte) (*authnRequest, error) {
	var r authnRequest
	if err := xml.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("SAMLRequest is not an AuthnRequest: %w", err)
	}
	r.Issuer = strings.TrimSpace(r.Issuer)
	if r.ID == "" || r.Version != "2.0" {
		return nil, errors.New("the AuthnRequest has no ID or is not of version 2.0")
	}
	return &r, nil
}

func withoutSpace(r rune) rune {
	if strings.ContainsRune(" \t\r\n", r) {
		return -1
	}
	return r
}

// checkRequest compares a request with what the application says, in the order that
// AWS seems to follow. Which person asks does not matter here.
func (a *Application) checkRequest(r *authnRequest) *Refusal {
	if r.Issuer != a.Audience {
		return refuse("Issuer of request does not match our record",
			"The request's Issuer is %q. The application's \"Application SAML audience\" is %q. Both have to be equal, character for character.", r.Issuer, a.Audience)
	}
	if r.ACS != "" && r.ACS != a.ACS {
		return refuse("ACS URL of request does not match our record",
			"The request's AssertionConsumerServiceURL is %q. The application's \"Application ACS URL\" is %q. Both have to be equal, character for character.",
			r.ACS, a.ACS)
	}
	if a.ACS == "" || a.Audience == "" || a.Subject.Source == "" {
		return noAccess("The application is not set up completely: it needs an ACS URL, an audience, and a mapping of Subject.")
	}
	if r.Policy != nil && r.Policy.Format != "" && r.Policy.Format != nameIDFormat(a.Subject.Format) {
		return noAccess("Request nameID format does not match our record. The request's NameIDPolicy asks for %q, but Subject is mapped with the format %q. Leave "+
			"NameIDPolicy out, or make both equal.",
			r.Policy.Format, nameIDFormat(a.Subject.Format))
	}
	return nil
}
