package sso_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

func TestMetadataInHumanTerms(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	idp := a.idp
	if idp.Region != "us-east-1" || idp.AccountID != "123456789012" || !strings.HasPrefix(idp.InstanceID, "ins-") || idp.Partition != "aws" {
		t.Errorf("%+v", idp)
	}
	if len(idp.Certificates) != 1 || idp.Certificates[0].KeyType != "RSA-2048" || len(idp.Certificates[0].Fingerprint) != 95 {
		t.Errorf("%+v", idp.Certificates)
	}
	if idp.RedirectURL == "" || idp.PostURL == "" || idp.LogoutURL == "" || len(idp.Findings) != 0 {
		t.Errorf("%+v", idp)
	}
	a.now = a.now.AddDate(5, 0, -30)
	a.readMetadata()
	if !hasFinding(a.idp, "cert_expires_soon") {
		t.Errorf("30 days before the end: %+v", a.idp.Findings)
	}
	a.now = a.now.AddDate(0, 2, 0)
	a.readMetadata()
	if !hasFinding(a.idp, "cert_expired") {
		t.Errorf("after the end: %+v", a.idp.Findings)
	}
}

// An expired certificate is still the one that an administrator trusted.
func TestExpiredCertificateStillVerifies(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	a.now = a.now.AddDate(6, 0, 0)
	r := a.request()
	if code, _, _ := a.judge(a.signIn(string(r.XML)), a.expect(r.ID)); code != "" {
		t.Errorf("refused with %s", code)
	}
}

func TestWeakCertificates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		algorithm string
		bits      int
		finding   string
	}{"SHA-1": {awssim.SHA1, 2048, "cert_sha1"}, "1024 bits": {awssim.SHA256, 1024, "cert_weak_key"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAWS(t, nil)
			if err := a.sim.GenerateCertificate(a.app, c.algorithm, c.bits, 60); err != nil {
				t.Fatal(err)
			}
			if err := a.sim.ActivateCertificate(a.app, 1); err != nil {
				t.Fatal(err)
			}
			a.readMetadata()
			if !hasFinding(a.idp, c.finding) {
				t.Errorf("%+v", a.idp.Findings)
			}
			r := a.request()
			if code, _, _ := a.judge(a.signIn(string(r.XML)), a.expect(r.ID)); code != model.CodeSignatureAlgorithm {
				t.Errorf("judged %q", code)
			}
		})
	}
}

func hasFinding(idp *sso.IdentityProvider, code string) bool {
	for _, f := range idp.Findings {
		if f.Code == code {
			return true
		}
	}
	return false
}

func TestWrongPastes(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	good := string(a.sim.Metadata(a.app))
	own, err := sso.ServiceProvider{EntityID: entityID, ACSURL: acsURL}.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	token := good[strings.Index(good, "/saml/assertion/")+len("/saml/assertion/"):][:44]
	const other = "MTIzNDU2Nzg5MDEyX2lucy1mZWRjYmE5ODc2NTQzMjEw"
	host := "https://portal.sso.eu-central-1.amazonaws.com"
	for name, c := range map[string]struct{ text, code string }{
		"nothing":               {" \n", "empty"},
		"our own metadata":      {string(own), "own_metadata"},
		"our own metadata URL":  {entityID, "own_metadata"},
		"a page":                {"<!DOCTYPE html><html><body>Sign in</body></html>", "html_page"},
		"a certificate":         {"-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----", "certificate_only"},
		"the access portal":     {"https://d-1234567890.awsapps.com/start", "portal_url"},
		"the new access portal": {"https://ssoins-1234567890abcdef.portal.eu-central-1.app.aws", "portal_url"},
		"the AWS console":       {"https://eu-central-1.console.aws.amazon.com/singlesignon/home", "console_url"},
		"an ARN":                {"arn:aws:sso::123456789012:application/ssoins-1234567890abcdef/apl-1234567890abcdef", "arn"},
		"the sign-in URL":       {host + "/saml/assertion/" + token, "sign_in_url"},
		"the sign-out URL":      {host + "/saml/logout/" + token, "sign_out_url"},
		"two applications":      {host + "/saml/metadata/" + token + "\n" + host + "/saml/metadata/" + other, "two_applications"},
		"two applications' XML": {strings.Replace(good, "/saml/logout/"+token, "/saml/logout/"+other, 1), "two_applications"},
		"plain http":            {"http://portal.sso.eu-central-1.amazonaws.com/saml/metadata/" + token, "not_https"},
		"a DTD":                 {`<!DOCTYPE x [<!ENTITY a "b">]>` + good[strings.Index(good, "<md:"):], "hostile_xml"},
		"deep XML":              {strings.Repeat("<a>", 5000), "hostile_xml"},
		"too large":             {"<a>" + strings.Repeat(" ", 2<<20) + "</a>", "too_large"},
		"no certificate":        {cut(good, "<md:KeyDescriptor", "</md:KeyDescriptor>"), "no_certificate"},
		"a broken certificate":  {strings.Replace(good, "X509Certificate>MII", "X509Certificate>MIX", 1), "bad_certificate"},
		"a javascript address":  {strings.ReplaceAll(good, "https://aws.example/saml/assertion", "javascript:alert(1)//saml/assertion"), "unsupported_url"},
		"half of it":            {good[:len(good)/2], "not_xml"},
		"two documents":         {good + good[strings.Index(good, "<md:"):], "not_xml"},
		"other XML":             {"<feed xmlns='http://www.w3.org/2005/Atom'/>", "not_metadata"},
		"a login":               {string(a.signIn("")), "saml_response"},
		"words":                 {"the metadata file", "not_xml"},

		"a page in capitals":   {"<!-- saved --><!Doctype HTML><HTML><BODY>Sign in</BODY></HTML>", "html_page"},
		"metadata of Jira":     {strings.ReplaceAll(string(own), "sso.example.com", "jira.example.com"), "no_idp"},
		"another connection's": {strings.ReplaceAll(string(own), "/saml/aws/", "/saml/other/"), "own_metadata"},
		"our ACS URL":          {acsURL, "own_address"},
		"AWS's identity source": {strings.ReplaceAll(string(own), entityID, "https://eu-central-1.signin.aws.amazon.com/platform/saml/d-1234567890"),
			"aws_sp_metadata"},
		"its address":             {"https://eu-central-1.signin.aws.amazon.com/platform/saml/acs/0123", "aws_sp_metadata"},
		"AWS accounts":            {strings.ReplaceAll(string(own), entityID, "urn:amazon:webservices"), "aws_account_metadata"},
		"their address":           {"https://signin.aws.amazon.com/static/saml-metadata.xml", "aws_account_metadata"},
		"the console in GovCloud": {"https://us-gov-west-1.console.amazonaws-us-gov.com/singlesignon", "console_url"},
		"a tile":                  {"https://example.awsapps.com/start/#/saml/default/Jira/ins-0123456789abcdef", "portal_url"},
		"a bare certificate":      {"MIIDBzCCAe+gAwIBAgIFAIOiKiIwDQYJKoZIhvcNAQELBQAw", "certificate_only"},
		"a binary certificate":    {"0\x82\x03\x07\x30\x82\xff", "certificate_only"},
		"a private key":           {"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "private_key"},
		"an ARN in GovCloud":      {"arn:aws-us-gov:sso::123456789012:application/ssoins-1234567890abcdef/apl-1234567890abcdef", "arn"},
		"an application's ID":     {"apl-1234567890abcdef", "aws_id"},
		"an account":              {"123456789012", "aws_id"},
		"JSON":                    {`{"Applications": []}`, "json"},
		"no access":               {`{"message":"No access","__type":"com.amazonaws.switchboard.portal#ForbiddenException"}`, "json_no_access"},
		"metadata in base64":      {base64.StdEncoding.EncodeToString([]byte(good)), "base64_metadata"},
		"a login in base64":       {base64.StdEncoding.EncodeToString(a.signIn("")), "saml_response"},
		"a login's form":          {"SAMLResponse=PHNhbWwycDpSZXNwb25zZQ%3D%3D", "saml_response"},
		"something in base64":     {base64.StdEncoding.EncodeToString([]byte(strings.Repeat("something else", 5))), "base64"},
		"a request":               {string(a.request().XML), "saml_request"},
		"an address in a word":    {strings.TrimPrefix(host, "https://") + "/saml/metadata/" + token, "no_scheme"},
		"a browser's view":        {"This XML file does not appear to have any style information associated with it.\n" + good, "browser_view"},
		"escaped":                 {strings.ReplaceAll(good, "<", "&lt;"), "escaped_xml"},
		"a message around it":     {"Hello, here it is:\n" + good, "surrounded"},
		"half of UTF-16":          {"\xff\xfe<\x00?\x00x\x00m\x00l\x00", "not_xml"},
		"an unknown encoding":     {"<?xml version='1.0' encoding='x-unknown'?><a>\xe9</a>", "encoding"},
	} {
		_, err := judgePaste(c.text, sso.MetadataOptions{Now: a.now, OurEntityID: entityID})
		var paste *sso.PasteError
		if !errors.As(err, &paste) || paste.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
			continue
		}
		if paste.Title == "" || paste.Text == "" || paste.Remedy == "" {
			t.Errorf("%s: words are missing: %+v", name, paste)
		}
	}
}

// judgePaste recognizes what somebody pasted and reads it where it is XML, as
// the wizard does.
func judgePaste(text string, o sso.MetadataOptions) (sso.Paste, error) {
	p, err := sso.RecognisePaste(text, o)
	if err == nil && p.Kind == sso.PasteMetadataXML {
		_, err = sso.ParseMetadata(p.XML, o)
	}
	return p, err
}

// Of several addresses of one application, the right one is named.
func TestWrongPasteNamesTheRightAddress(t *testing.T) {
	t.Parallel()
	const base, token = "https://portal.sso.eu-central-1.amazonaws.com/saml/", "/MTIzNDU2Nzg5MDEyX2lucy1mZWRjYmE5ODc2NTQzMjEw"
	_, err := judgePaste(base+"assertion"+token+"\n"+base+"logout"+token+"\n"+base+"metadata"+token, sso.MetadataOptions{})
	var paste *sso.PasteError
	if !errors.As(err, &paste) || paste.Code != "several_urls" || !strings.HasSuffix(paste.Remedy, " "+base+"metadata"+token) {
		t.Errorf("%v", err)
	}
}

// Metadata of another identity provider is named, and who it belongs to.
func TestMetadataOfAnotherProviderIsNamed(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	good := string(a.sim.Metadata(a.app))
	id := good[strings.Index(good, `entityID="`)+len(`entityID="`):]
	id = id[:strings.Index(id, `"`)]
	idp, err := sso.ParseMetadata([]byte(strings.Replace(good, id, "http://www.okta.com/exk1", 1)), sso.MetadataOptions{Now: a.now})
	if err != nil {
		t.Fatal(err)
	}
	if len(idp.Findings) != 1 || idp.Findings[0].Code != "other_idp" || !strings.Contains(idp.Findings[0].Text, "of Okta") {
		t.Errorf("%+v", idp.Findings)
	}
}

func cut(s, from, to string) string {
	i := strings.Index(s, from)
	j := strings.Index(s, to) + len(to)
	return s[:i] + s[j:]
}

func TestRightPastes(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	good := string(a.sim.Metadata(a.app))
	for text, kind := range map[string]string{
		good: sso.PasteMetadataXML, "\ufeff  " + good: sso.PasteMetadataXML,
		"https://portal.sso.us-east-1.amazonaws.com/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy1mZWRjYmE5ODc2NTQzMjEw":        sso.PasteMetadataURL,
		" \"https://portal.sso.us-east-1.amazonaws.com/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy1mZWRjYmE5ODc2NTQzMjEw\"\n": sso.PasteMetadataURL,
		"<https://portal.sso.us-east-1.amazonaws.com/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy1mZWRjYmE5ODc2NTQzMjEw>":      sso.PasteMetadataURL,
		"https://portal.sso.us-east-1.api.aws/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy1mZWRjYmE5ODc2NTQzMjEw":              sso.PasteMetadataURL,
	} {
		if p, err := judgePaste(text, sso.MetadataOptions{Now: a.now}); err != nil || p.Kind != kind {
			t.Errorf("%.60q: %v %v", text, p.Kind, err)
		}
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	for format, want := range map[model.NameIDFormat]string{
		model.NameIDNone:  "",
		model.NameIDEmail: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
	} {
		r, err := sso.NewRequest(sso.ServiceProvider{EntityID: entityID, ACSURL: acsURL, NameIDFormat: format}, a.idp, "_1", a.now)
		if err != nil {
			t.Fatal(err)
		}
		xml := string(r.XML)
		if (want == "") == strings.Contains(xml, "NameIDPolicy") || !strings.Contains(xml, want) {
			t.Errorf("%s: %s", format, xml)
		}
		for _, part := range []string{entityID, acsURL, `ID="_1"`, `Destination="` + a.idp.RedirectURL} {
			if !strings.Contains(xml, part) {
				t.Errorf("%s is missing in %s", part, xml)
			}
		}
		if strings.Contains(xml, "RequestedAuthnContext") || strings.Contains(xml, "transient") {
			t.Errorf("the request asks for what AWS refuses: %s", xml)
		}
	}
	r := a.request()
	to, err := r.RedirectURL("a&b=c#d")
	if err != nil {
		t.Fatal(err)
	}
	u := mustURL(t, to)
	if got := u.Query().Get("RelayState"); got != "a&b=c#d" || u.Fragment != "" {
		t.Errorf("RelayState came out as %q of %s", got, to)
	}
}

func TestMapAttributes(t *testing.T) {
	t.Parallel()
	full := map[string][]string{"email": {"Ana@Example.com"}, "firstName": {"Ana"}, "lastName": {"Lee"}, "userId": {"64d8"}, "groups": {"g1", "g2"}}
	without := func(name string) map[string][]string {
		m := map[string][]string{}
		for k, v := range full {
			if k != name {
				m[k] = v
			}
		}
		return m
	}
	with := func(name string, values ...string) map[string][]string {
		m := without(name)
		m[name] = values
		return m
	}
	for name, c := range map[string]struct {
		nameID     string
		attributes map[string][]string
		rule       model.UsernameRule
		username   string
		code       model.Code
	}{
		"everything":          {"Ana", full, model.UsernameRule{Lowercase: true}, "ana", ""},
		"case kept":           {"Ana", full, model.UsernameRule{}, "Ana", ""},
		"domain stripped":     {"ana@example.com", full, model.UsernameRule{StripDomain: true}, "ana", ""},
		"pattern":             {"EXAMPLE\\ana", full, model.UsernameRule{Pattern: `^.*\\`}, "ana", ""},
		"no last name":        {"ana", without("lastName"), model.UsernameRule{}, "ana", ""},
		"no groups":           {"ana", without("groups"), model.UsernameRule{}, "ana", ""},
		"no email":            {"ana", without("email"), model.UsernameRule{}, "ana", model.CodeAttributeMissing},
		"other case":          {"ana", with("EMAIL", "x@y.z"), model.UsernameRule{}, "ana", ""},
		"no stable id":        {"ana", without("userId"), model.UsernameRule{}, "ana", model.CodeAttributeMissing},
		"longest stable id":   {"ana", with("userId", strings.Repeat("i", 256)), model.UsernameRule{}, "ana", ""},
		"stable id too long":  {"ana", with("userId", strings.Repeat("i", 257)), model.UsernameRule{}, "ana", model.CodeAttributeMissing},
		"two emails":          {"ana", with("email", "a@b.c", "d@e.f"), model.UsernameRule{}, "ana", model.CodeAttributeMissing},
		"email is none":       {"ana", with("email", "nobody"), model.UsernameRule{}, "ana", model.CodeAttributeMissing},
		"nothing is left":     {"@example.com", full, model.UsernameRule{StripDomain: true}, "", model.CodeUsernameInvalid},
		"blank inside":        {"ana lee", full, model.UsernameRule{}, "ana lee", model.CodeUsernameInvalid},
		"zero-width inside":   {"an\u200ba", full, model.UsernameRule{}, "an\u200ba", model.CodeUsernameInvalid},
		"full-width letters":  {"ａna", full, model.UsernameRule{}, "ａna", model.CodeUsernameInvalid},
		"right-to-left trick": {"ana\u202e", full, model.UsernameRule{}, "ana\u202e", model.CodeUsernameInvalid},
	} {
		cfg := model.DefaultConfig("x")
		cfg.Attributes, cfg.Username = model.WizardAttributes(), c.rule
		p, _, refusal := sso.MapAttributes(cfg, &sso.Identity{NameID: c.nameID, Issuer: "i", Attributes: c.attributes})
		if p.Username != c.username || codeOf(refusal) != c.code {
			t.Errorf("%s: %q %q, want %q %q", name, p.Username, codeOf(refusal), c.username, c.code)
		}
		if _, sent := c.attributes["groups"]; p.AWSGroupsSent != sent {
			t.Errorf("%s: groups sent: %v", name, p.AWSGroupsSent)
		}
	}
}

func TestCheckConfig(t *testing.T) {
	t.Parallel()
	if problems := sso.CheckConfig(model.DefaultConfig("x")); len(problems) > 0 {
		t.Fatalf("the default configuration: %v", problems)
	}
	for field, change := range map[string]func(*model.Config){
		"provisioning":              func(c *model.Config) { c.Provisioning = "scim" },
		"clock_skew":                func(c *model.Config) { c.ClockSkew = 6 * time.Minute },
		"require_signatures":        func(c *model.Config) { c.RequireSignatures = "none" },
		"name_id_format":            func(c *model.Config) { c.NameIDFormat = "kerberos" },
		"entity_id":                 func(c *model.Config) { c.EntityID = "postern" },
		"idp_metadata":              func(c *model.Config) { c.IdPMetadata = "<html>" },
		"attributes.username":       func(c *model.Config) { c.Attributes.Username = "" },
		"attributes.email":          func(c *model.Config) { c.Attributes.Email = " email" },
		"username.pattern":          func(c *model.Config) { c.Username.Pattern = "(" },
		"jit.existing_username":     func(c *model.Config) { c.JIT.ExistingUsername = "merge" },
		"jit.allowed_email_domains": func(c *model.Config) { c.JIT.AllowedEmailDomains = []string{"@example.com"} },
	} {
		cfg := model.DefaultConfig("x")
		change(&cfg)
		problems := sso.CheckConfig(cfg)
		if len(problems) != 1 || problems[0].Field != field || problems[0].Text == "" {
			t.Errorf("%s: %v", field, problems)
		}
	}
}
