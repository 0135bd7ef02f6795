package attack

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

const foreignNS = "urn:example:foreign"

// foreignAttributes: an attribute of another namespace is not SAML's, whatever
// its local name.
func foreignAttributes() []Variant {
	all := []Variant{
		{Name: "honest with a foreign Recipient beside its own", Mint: edited(func(_ *Scene, m *message) {
			m.confirmation = strings.Replace(m.confirmation, "<saml2:SubjectConfirmationData",
				`<saml2:SubjectConfirmationData xmlns:evil="`+foreignNS+`" evil:Recipient="https://elsewhere.example.com/acs"`, 1)
		})},
	}
	for _, f := range []struct {
		attribute string
		want      model.Code
		part      func(*message) *string // nil: of the Response
	}{
		{"Recipient", model.CodeRecipientMismatch, func(m *message) *string { return &m.confirmation }},
		{"InResponseTo", model.CodeInResponseToUnknown, func(m *message) *string { return &m.confirmation }},
		{"Method", model.CodeConfirmationInvalid, func(m *message) *string { return &m.confirmation }},
		{"NotOnOrAfter", model.CodeConfirmationInvalid, func(m *message) *string { return &m.confirmation }},
		{"NotOnOrAfter", model.CodeConfirmationInvalid, func(m *message) *string { return &m.conditions }},
		{"AuthnInstant", model.CodeMalformedResponse, func(m *message) *string { return &m.authn }},
		{"Name", model.CodeAttributeMissing, func(m *message) *string { return &m.attributes }},
		{"Value", model.CodeStatusNotSuccess, func(m *message) *string { return &m.status }},
	} {
		name := "foreign " + f.attribute + " alone"
		if f.attribute == "NotOnOrAfter" && len(all) > 4 {
			name += " on the Conditions"
		}
		all = append(all, Variant{Row: 8, Name: name, Want: f.want, Mint: edited(func(_ *Scene, m *message) {
			m.namespaces += ` xmlns:evil="` + foreignNS + `"`
			p := f.part(m)
			*p = strings.ReplaceAll(*p, " "+f.attribute+"=", " evil:"+f.attribute+"=")
		})})
	}
	for attribute, of := range map[string]func(*message, string){
		"Destination":  func(m *message, more string) { m.destination, m.namespaces = "", m.namespaces+more },
		"Version":      func(m *message, more string) { m.responseVersion, m.namespaces = "", m.namespaces+more },
		"IssueInstant": func(m *message, more string) { m.responseInstant, m.namespaces = "", m.namespaces+more },
	} {
		want := model.CodeMalformedResponse
		if attribute == "Destination" {
			want = model.CodeDestinationMismatch
		}
		all = append(all, Variant{Row: 8, Name: "foreign " + attribute + " on the Response alone", Want: want, Mint: edited(func(s *Scene, m *message) {
			value := map[string]string{"Destination": s.ACS, "Version": "2.0", "IssueInstant": stamp(s.Now)}[attribute]
			of(m, ` xmlns:evil="`+foreignNS+`" evil:`+attribute+`="`+value+`"`)
		})})
	}
	return append(all, foreignAlgorithms()...)
}

// foreignAlgorithms: the verification must not read another algorithm than the one
// that was looked at.
func foreignAlgorithms() []Variant {
	var all []Variant
	for element, algorithm := range map[string]string{
		"ds:SignatureMethod": dsigNS + "rsa-sha1", "ds:DigestMethod": dsigNS + "sha1", "ds:CanonicalizationMethod": exclusive + "WithComments",
	} {
		all = append(all, Variant{Row: 6, Name: "foreign Algorithm on the " + element, Want: model.CodeMalformedResponse,
			Mint: signedWith(func(*Scene) signing {
				return signing{info: func(info string) string {
					return strings.Replace(info, "<"+element, "<"+element+` xmlns:evil="`+foreignNS+`" evil:Algorithm="`+algorithm+`"`, 1)
				}}
			})})
	}
	return all
}
