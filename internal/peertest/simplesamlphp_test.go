package peertest

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// response is what these tests read of a SAML response.
type response struct {
	XMLName      xml.Name  `xml:"urn:oasis:names:tc:SAML:2.0:protocol Response"`
	Destination  string    `xml:"Destination,attr"`
	InResponseTo string    `xml:"InResponseTo,attr"`
	Issuer       string    `xml:"urn:oasis:names:tc:SAML:2.0:assertion Issuer"`
	Signature    signature `xml:"http://www.w3.org/2000/09/xmldsig# Signature"`
	Assertion    struct {
		Signature  signature `xml:"http://www.w3.org/2000/09/xmldsig# Signature"`
		NameID     string    `xml:"Subject>NameID"`
		Audience   string    `xml:"Conditions>AudienceRestriction>Audience"`
		Attributes []struct {
			Name   string   `xml:"Name,attr"`
			Values []string `xml:"AttributeValue"`
		} `xml:"AttributeStatement>Attribute"`
	} `xml:"urn:oasis:names:tc:SAML:2.0:assertion Assertion"`
}

type signature struct {
	Method struct {
		Algorithm string `xml:"Algorithm,attr"`
	} `xml:"SignedInfo>SignatureMethod"`
}

const rsaSHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

var (
	dumb  = ServiceProvider{EntityID: "https://sp.example.com/metadata", ACSURL: "https://sp.example.com/acs?a=1&b=2"}
	alice = User{
		Username: "alice@example.com", Password: `it's a "secret": \n <&>`, Email: "alice@example.com",
		FirstName: "Alicé", LastName: "O'Neil & Söhne", UserID: "u-1", Groups: []string{"one", "two"},
	}
)

func TestUnsolicited(t *testing.T) {
	t.Parallel()
	idp := StartSimpleSAMLphp(t, dumb, []User{alice, {Username: "bob", Password: "b"}})
	answer, err := idp.SignIn(t.Context(), browser(t), idp.StartURL(dumb, "/me?x=ü"), alice.Username, alice.Password)
	if err != nil {
		t.Fatal(err)
	}
	if answer.ACSURL != dumb.ACSURL || answer.Form.Get("RelayState") != "/me?x=ü" {
		t.Errorf("the form goes to %q with relay state %q", answer.ACSURL, answer.Form.Get("RelayState"))
	}
	r := read(t, answer)
	if r.Destination != dumb.ACSURL || r.Issuer != idp.EntityID() || r.InResponseTo != "" {
		t.Errorf("destination %q, issuer %q, in response to %q", r.Destination, r.Issuer, r.InResponseTo)
	}
	if r.Signature.Method.Algorithm != rsaSHA256 || r.Assertion.Signature.Method.Algorithm != rsaSHA256 {
		t.Errorf("signatures: response %q, assertion %q", r.Signature.Method.Algorithm, r.Assertion.Signature.Method.Algorithm)
	}
	if r.Assertion.NameID != alice.Username || r.Assertion.Audience != dumb.EntityID {
		t.Errorf("NameID %q, audience %q", r.Assertion.NameID, r.Assertion.Audience)
	}
	want := map[string][]string{
		"email": {alice.Email}, "firstName": {alice.FirstName}, "lastName": {alice.LastName},
		"userId": {alice.UserID}, "groups": alice.Groups,
	}
	for _, a := range r.Assertion.Attributes {
		if !slices.Equal(a.Values, want[a.Name]) {
			t.Errorf("attribute %s is %q, want %q", a.Name, a.Values, want[a.Name])
		}
		delete(want, a.Name)
	}
	if len(want) > 0 {
		t.Errorf("attributes missing: %v", want)
	}
}

func TestAnswersARequest(t *testing.T) {
	t.Parallel()
	idp := StartSimpleSAMLphp(t, dumb, []User{alice})
	request := `<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r1" Version="2.0" IssueInstant="2026-01-02T03:04:05Z">` +
		`<a:Issuer xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion">` + dumb.EntityID + `</a:Issuer></p:AuthnRequest>`
	start := idp.baseURL + "saml2/idp/SSOService.php?" +
		url.Values{"SAMLRequest": {deflated(t, request)}, "RelayState": {"opaque"}}.Encode()
	client := browser(t)
	for _, visit := range []string{"enters the password", "is signed in already"} {
		answer, err := idp.SignIn(t.Context(), client, start, alice.Username, alice.Password)
		if err != nil {
			t.Fatalf("a person who %s: %v", visit, err)
		}
		if r := read(t, answer); r.InResponseTo != "_r1" || answer.Form.Get("RelayState") != "opaque" {
			t.Errorf("a person who %s: in response to %q, relay state %q", visit, r.InResponseTo, answer.Form.Get("RelayState"))
		}
	}
}

func TestChangedUsers(t *testing.T) {
	t.Parallel()
	idp := StartSimpleSAMLphp(t, dumb, []User{alice})
	renamed := alice
	renamed.LastName, renamed.Password = "Smith", "changed"
	idp.SetUsers(t, []User{renamed})
	start := idp.StartURL(dumb, "")
	if _, err := idp.SignIn(t.Context(), browser(t), start, alice.Username, alice.Password); err == nil {
		t.Error("the old password is good still")
	}
	answer, err := idp.SignIn(t.Context(), browser(t), start, alice.Username, "changed")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range read(t, answer).Assertion.Attributes {
		if a.Name == "lastName" && !slices.Equal(a.Values, []string{"Smith"}) {
			t.Errorf("last name %q", a.Values)
		}
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	idp := StartSimpleSAMLphp(t, dumb, nil)
	for _, want := range []string{`entityID="` + idp.EntityID() + `"`, "SingleSignOnService", "<ds:X509Certificate>MII"} {
		if !strings.Contains(string(idp.MetadataXML()), want) {
			t.Errorf("the metadata lacks %s:\n%s", want, idp.MetadataXML())
		}
	}
}

func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func read(t *testing.T, a Answer) response {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(a.Form.Get("SAMLResponse"))
	if err != nil {
		t.Fatal(err)
	}
	var r response
	if err := xml.Unmarshal(data, &r); err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	return r
}

// deflated is the encoding of the HTTP-Redirect binding.
func deflated(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}
