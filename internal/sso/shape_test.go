package sso_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

var (
	signatureElement = regexp.MustCompile(`(?s)<ds:Signature>.*?</ds:Signature>`)
	assertionElement = regexp.MustCompile(`(?s)<saml2:Assertion .*</saml2:Assertion>`)
)

// Shapes that are refused before any tree is built, each from an honest message
// by one change.
func TestShapes(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	r := a.request()
	honest := string(a.signIn(string(r.XML)))
	assertion := assertionElement.FindString(honest)
	evil := strings.ReplaceAll(strings.ReplaceAll(signatureElement.ReplaceAllString(assertion, ""), ">alice<", ">admin<"), `ID="_`, `ID="_e`)
	before := func(tag, insert string) string { return strings.Replace(honest, tag, insert+tag, 1) }
	for name, c := range map[string]struct {
		xml  string
		code model.Code
	}{
		"DTD":                    {strings.Replace(honest, "<saml2p:Response", "<!DOCTYPE x [<!ENTITY a \"b\">]><saml2p:Response", 1), model.CodeDTDForbidden},
		"entity":                 {strings.Replace(honest, ">alice<", ">&evil;<", 1), model.CodeMalformedResponse},
		"comment in the NameID":  {strings.Replace(honest, ">alice<", ">alice<!-- x -->.evil<", 1), model.CodeMalformedResponse},
		"CDATA in the NameID":    {strings.Replace(honest, ">alice<", "><![CDATA[alice]]><", 1), model.CodeMalformedResponse},
		"processing instruction": {before("<saml2:Issuer", "<?php ?>"), model.CodeMalformedResponse},
		"text after the root":    {honest + "x", model.CodeMalformedResponse},
		"text between elements":  {before("<saml2p:Status>", "x"), model.CodeMalformedResponse},
		"second root":            {honest + honest[strings.Index(honest, "<saml2p:Response"):], model.CodeMalformedResponse},
		"declared latin-1":       {strings.Replace(honest, `encoding="UTF-8"`, `encoding="ISO-8859-1"`, 1), model.CodeMalformedResponse},
		"not UTF-8":              {strings.Replace(honest, ">alice<", ">al\xffce<", 1), model.CodeMalformedResponse},
		"truncated":              {honest[:len(honest)/2], model.CodeMalformedResponse},
		"deep": {strings.Replace(honest, ">alice<", ">"+strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100)+"<", 1),
			model.CodeMalformedResponse},
		"many elements": {before("</saml2:AttributeStatement>", "<saml2:Attribute Name=\"x\">"+strings.Repeat("<saml2:AttributeValue/>", 2100)+
			"</saml2:Attribute>"), model.CodeMalformedResponse},
		"prefix rebound": {before("<saml2:Subject>", `<saml2:Conditions xmlns:saml2="urn:evil"/>`), model.CodeMalformedResponse},
		"prefix bound twice": {strings.NewReplacer("<saml2:Subject>", `<saml2:Subject xmlns:x="urn:a">`, "<saml2:NameID",
			`<saml2:NameID xmlns:x="urn:b"`).Replace(honest), model.CodeMalformedResponse},
		"namespace with a blank":  {strings.Replace(honest, "<saml2:Subject>", `<saml2:Subject xmlns:x="urn:a b">`, 1), model.CodeMalformedResponse},
		"unbound prefix":          {before("<saml2:Subject>", `<evil:x/>`), model.CodeMalformedResponse},
		"default namespace empty": {strings.Replace(honest, "<saml2:Subject>", `<saml2:Subject xmlns="">`, 1), model.CodeMalformedResponse},
		"attribute twice":         {strings.Replace(honest, ` Version="2.0"`, ` Version="2.0" Version="2.0"`, 1), model.CodeMalformedResponse},
		"ID twice":                {strings.Replace(honest, "<saml2:Subject>", `<saml2:Subject ID="`+idOf(assertion)+`">`, 1), model.CodeMalformedResponse},
		"id in lower case":        {strings.Replace(honest, "<saml2:Subject>", `<saml2:Subject id="_x">`, 1), model.CodeMalformedResponse},
		"child in the NameID":     {strings.Replace(honest, ">alice<", "><saml2:NameID>alice</saml2:NameID><", 1), model.CodeMalformedResponse},
		"two NameIDs":             {before("<saml2:SubjectConfirmation ", "<saml2:NameID>admin</saml2:NameID>"), model.CodeMalformedResponse},
		"two Subjects":            {before("<saml2:Subject>", "<saml2:Subject><saml2:NameID>admin</saml2:NameID></saml2:Subject>"), model.CodeMalformedResponse},
		"Advice":                  {before("<saml2:AuthnStatement", "<saml2:Advice></saml2:Advice>"), model.CodeMalformedResponse},
		"Extensions":              {before("<saml2p:Status>", "<saml2p:Extensions>"+evil+"</saml2p:Extensions>"), model.CodeMalformedResponse},
		"evil assertion first":    {before(assertion, evil), model.CodeMultipleAssertions},
		"evil assertion last":     {strings.Replace(honest, assertion, assertion+evil, 1), model.CodeMultipleAssertions},
		"Object in the signature": {strings.Replace(honest, "</ds:KeyInfo></ds:Signature>", "</ds:KeyInfo><ds:Object>"+evil+"</ds:Object></ds:Signature>", 1),
			model.CodeMalformedResponse},
		"assertion as the root": {assertion, model.CodeMalformedResponse},
		"logout response":       {strings.ReplaceAll(honest, "saml2p:Response", "saml2p:LogoutResponse"), model.CodeMalformedResponse},
		"two references": {strings.Replace(honest, "</ds:Reference>", "</ds:Reference>"+
			regexp.MustCompile(`(?s)<ds:Reference.*?</ds:Reference>`).FindString(honest), 1), model.CodeMalformedResponse},
		"reference to nothing": {regexp.MustCompile(`URI="#[^"]*"`).ReplaceAllString(honest, `URI=""`), model.CodeSignatureInvalid},
		"XSLT transform": {strings.Replace(honest, `Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"`,
			`Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"`, 1), model.CodeSignatureAlgorithm},
		"HMAC": {strings.Replace(honest, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#hmac-sha1", 1),
			model.CodeSignatureAlgorithm},
		"encrypted":             {strings.Replace(honest, assertion, `<saml2:EncryptedAssertion/>`, 1), model.CodeEncryptedAssertion},
		"no assertion":          {strings.Replace(honest, assertion, "", 1), model.CodeNoAssertion},
		"too large":             {strings.Replace(honest, ">alice<", ">"+strings.Repeat("a", sso.MaxXML)+"<", 1), model.CodeTooLarge},
		"empty":                 {"", model.CodeMalformedResponse},
		"changed content":       {strings.Replace(honest, ">alice<", ">admin<", 1), model.CodeSignatureInvalid},
		"no response signature": {strings.Replace(honest, signatureElement.FindString(honest), "", 1), model.CodeSignatureMissing},
		"no signature at all":   {signatureElement.ReplaceAllString(honest, ""), model.CodeSignatureMissing},
		"nested success": {strings.Replace(honest, `<saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>`,
			`<saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>`+
				`</saml2p:StatusCode>`, 1), model.CodeStatusNotSuccess},
	} {
		if c.xml == honest {
			t.Errorf("%s: the change changed nothing", name)
		}
		if code, _, _ := a.judge([]byte(c.xml), a.expect(r.ID)); code != c.code {
			t.Errorf("%s: judged %q, want %q", name, code, c.code)
		}
	}
}

func idOf(element string) string {
	return regexp.MustCompile(` ID="([^"]+)"`).FindStringSubmatch(element)[1]
}

func TestSignatureOfTheAssertionAlone(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	r := a.request()
	xml := string(a.signIn(string(r.XML)))
	xml = strings.Replace(xml, signatureElement.FindString(xml), "", 1)
	trust := a.trust()
	trust.RequireSignatures = model.SignaturesAssertion
	m, _, refusal := sso.Open([]byte(xml), trust)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if _, _, refusal := m.Judge(a.expect(r.ID)); refusal != nil {
		t.Error(refusal)
	}
	// Nothing that the unsigned envelope says may stand in for the assertion.
	forged := strings.Replace(xml, fmt.Sprintf(`InResponseTo=%q`, r.ID), `InResponseTo="_forged"`, 1)
	if m, _, refusal = sso.Open([]byte(forged), trust); refusal != nil {
		t.Fatal(refusal)
	}
	e := a.expect("_forged")
	if _, _, refusal := m.Judge(e); refusal == nil || refusal.Code != model.CodeInResponseToUnknown {
		t.Errorf("the envelope's InResponseTo was believed: %v", refusal)
	}
}

func TestDecodeResponse(t *testing.T) {
	t.Parallel()
	for field, code := range map[string]model.Code{
		"PGE+PC9hPg==": "", "PGE+\r\nPC9hPg==": "", "PGE+ PC9hPg==": model.CodeMalformedResponse, "%": model.CodeMalformedResponse,
		"PGE-PC9hPg": model.CodeMalformedResponse, strings.Repeat("A", 2*sso.MaxXML): model.CodeTooLarge,
	} {
		_, refusal := sso.DecodeResponse(field)
		if got := codeOf(refusal); got != code {
			t.Errorf("%.20q: %q, want %q", field, got, code)
		}
	}
}

func codeOf(r *model.Refusal) model.Code {
	if r == nil {
		return ""
	}
	return r.Code
}

func TestEveryReasonHasItsWords(t *testing.T) {
	t.Parallel()
	for _, c := range model.Codes {
		r := sso.Explain(c)
		if r.Code != c || r.Title == "" || r.Happened == "" || r.Fix == "" || r.Who == "" || r.Where == "" {
			t.Errorf("%s: %+v", c, r)
		}
	}
	if len(sso.Explain(model.CodeNoAnswer).Possible) < 4 {
		t.Error("no_answer lacks its causes")
	}
}
