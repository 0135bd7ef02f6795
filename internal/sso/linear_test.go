package sso_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/bodytest"
	"github.com/postern-sso/postern/internal/sso"
)

// repeated is a body of an inner part, so often that it is as long as asked for,
// between what is there once.
func repeated(before, inner, after string) bodytest.Body {
	const shortest = 24000 // bytes: 16 times that are below every limit
	return func(n int) []byte { return []byte(before + strings.Repeat(inner, n*shortest/len(inner)) + after) }
}

// messageBodies are messages that a signature need not be right for: everything
// before it is what strangers can make us do.
func messageBodies() map[string]bodytest.Body {
	const head = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" `
	return map[string]bodytest.Body{
		"elements":    repeated(head+`ID="a">`, "<saml:Issuer/>", "</samlp:Response>"),
		"attributes":  repeated(head, `b="c" `, `ID="a"/>`),
		"prefixes":    repeated(head, `xmlns:b="urn:c" `, `ID="a"/>`),
		"depth":       repeated(head+`ID="a">`, "<saml:Advice>", ""),
		"one text":    repeated(head+`ID="a"><saml:Issuer>`, "b", "</saml:Issuer></samlp:Response>"),
		"references":  repeated(head+`ID="a"><saml:Issuer>`, "&#65;", "</saml:Issuer></samlp:Response>"),
		"comments":    repeated(head+`ID="a"><saml:Issuer>`, "b<!---->", "</saml:Issuer></samlp:Response>"),
		"one comment": repeated(head+`ID="a"><!--`, "b", "--></samlp:Response>"),
		"blanks":      repeated("", " ", "<a/>"),
		"base64":      repeated("", "QUJD", ""),
		"an honest shape with a long value": repeated(head+`ID="a" Version="2.0"><samlp:Status><samlp:StatusCode `+
			`Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/><samlp:StatusMessage>`, "no ", "</samlp:StatusMessage></samlp:Status></samlp:Response>"),
	}
}

func metadataBodies() map[string]bodytest.Body {
	const head = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com" `
	return map[string]bodytest.Body{
		"elements":   repeated(head+">", "<md:NameIDFormat/>", "</md:EntityDescriptor>"),
		"attributes": repeated(head, `b="c" `, "/>"),
		"prefixes":   repeated(head, `xmlns:b="urn:c" `, "/>"),
		"depth":      repeated(head+">", "<md:Extensions>", ""),
		"one text":   repeated(head+"><md:NameIDFormat>", "b", "</md:NameIDFormat></md:EntityDescriptor>"),
		"comments":   repeated(head+"><md:NameIDFormat>", "b<!---->", "</md:NameIDFormat></md:EntityDescriptor>"),
		"a certificate": repeated(head+`><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor>`+
			`<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>`, "QUJD",
			"</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor></md:IDPSSODescriptor></md:EntityDescriptor>"),
		"a page":        repeated("<!-- ", "b ", "--><html></html>"),
		"an address":    repeated("https://", "portal.", "awsapps.com"),
		"several lines": repeated("", "https://portal.sso.eu-central-1.amazonaws.com/saml/metadata/abc\n", ""),
		"JSON":          repeated("{", `"a":"b",`, `"c":"d"}`),
	}
}

func readMessage(data []byte) {
	if xml, refusal := sso.DecodeResponse(string(data)); refusal == nil {
		data = xml
	}
	_, _, _ = sso.Open(data, sso.Trust{})
}

func readMetadata(data []byte) { _, _ = sso.ParseMetadata(data, sso.MetadataOptions{}) }

func TestRow30Messages(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for name, body := range messageBodies() { //nolint:paralleltest // see above
		t.Run(name, func(t *testing.T) { bodytest.Linear(t, body, readMessage) })
	}
}

func TestRow30Metadata(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	for name, body := range metadataBodies() { //nolint:paralleltest // see above
		t.Run(name, func(t *testing.T) { bodytest.Linear(t, body, readMetadata) })
	}
}

func BenchmarkRow30Messages(b *testing.B) {
	for name, body := range messageBodies() {
		b.Run(name, func(b *testing.B) { bodytest.Bench(b, body, readMessage) })
	}
}

func BenchmarkRow30Metadata(b *testing.B) {
	for name, body := range metadataBodies() {
		b.Run(name, func(b *testing.B) { bodytest.Bench(b, body, readMetadata) })
	}
}
