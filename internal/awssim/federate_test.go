package awssim

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// delivered returns the message in a page that posts one.
func delivered(t *testing.T, a answer) (xml, relayState string, hasRelayState bool) {
	t.Helper()
	form := a.Find("form#post")
	if a.status != http.StatusOK || form.AttrOr("action", "") != testACS || form.AttrOr("method", "") != "post" {
		t.Fatalf("status %d at %s, no form that posts to the ACS\n%.2000s", a.status, a.path, a.body)
	}
	data, err := base64.StdEncoding.DecodeString(form.Find("input[name=SAMLResponse]").AttrOr("value", ""))
	if err != nil {
		t.Fatal(err)
	}
	if a.Find(`script[src="/static/post.js"]`).Length() != 1 || form.Find("button").Length() != 1 {
		t.Error("the page lacks the script that posts, or the button for browsers without scripts")
	}
	relayState, hasRelayState = form.Find("input[name=RelayState]").Attr("value")
	return string(data), relayState, hasRelayState
}

func TestSignInThatTheApplicationStarts(t *testing.T) {
	t.Parallel()
	const relayState = `a handle with "<&> é`
	encoded := base64.StdEncoding.EncodeToString([]byte(testRequest))
	for name, start := range map[string]func(*browser, string) answer{
		"HTTP-Redirect": func(b *browser, path string) answer { return b.get(path + redirectQuery(b.t, testRequest, relayState)) },
		"HTTP-POST": func(b *browser, path string) answer {
			return b.post(path, url.Values{"SAMLRequest": {encoded}, "RelayState": {relayState}}, "Sec-Fetch-Site", "cross-site", "Origin",
				"https://postern.example.com")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, app := newSim(t)
			b := newBrowser(t, s)
			a := start(b, assertionPath(s, app))
			if a.path != "/signin" {
				t.Fatalf("status %d at %s, want the sign-in page", a.status, a.path)
			}
			form := a.filled(t, "/signin")
			form.Set("username", "alice")
			xml, got, _ := delivered(t, b.post("/signin", form))
			if got != relayState || !strings.Contains(xml, `InResponseTo="_request1"`) || !strings.Contains(xml, ">alice</saml2:NameID>") {
				t.Errorf("RelayState %q\n%s", got, xml)
			}
			// Signed in already: the next one asks nothing.
			if xml, _, _ := delivered(t, start(b, assertionPath(s, app))); !strings.Contains(xml, ">alice</saml2:NameID>") {
				t.Error(xml)
			}
		})
	}
}

func TestSignInThatAWSStarts(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	b := newBrowser(t, s)
	b.signIn("alice")
	for _, path := range []string{"/start/open/" + app.ID, assertionPath(s, app), "/api.aws" + assertionPath(s, app)} {
		xml, _, has := delivered(t, b.get(path))
		if strings.Contains(xml, "InResponseTo") || has {
			t.Errorf("%s: InResponseTo or RelayState in\n%s", path, xml)
		}
	}
	if err := s.UpdateApplication(app.ID, func(a *Application) { a.RelayState = "/jira" }); err != nil {
		t.Fatal(err)
	}
	if _, relayState, _ := delivered(t, b.get("/start/open/"+app.ID)); relayState != "/jira" {
		t.Errorf("RelayState %q, want the configured one", relayState)
	}
	if err := s.UpdateApplication(app.ID, func(a *Application) { a.StartURL = "https://postern.example.com/start?x=1" }); err != nil {
		t.Fatal(err)
	}
	if a := b.get("/start/open/" + app.ID); a.status != http.StatusFound || a.location != "https://postern.example.com/start?x=1" {
		t.Errorf("with a start URL: %d to %q, want a redirect to it", a.status, a.location)
	}
}

func TestAdministratorMode(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	b := newBrowser(t, s)
	b.signIn("alice")
	if n := b.get("/start").Find(`a[href="/start/admin/` + app.ID + `"]`).Length(); n != 1 {
		t.Errorf("%d plain links to administrator mode in the portal", n)
	}
	a := b.get("/start/admin/" + app.ID)
	if !strings.Contains(a.body, "You are now in administrator mode") || a.Find("form#post").Length() != 0 {
		t.Errorf("not AWS's page, or one that posts by itself\n%.2000s", a.body)
	}
	xml := a.Find("textarea").Text()
	if response, assertion := verify(t, s, app, []byte(xml)); response != nil || assertion != nil {
		t.Errorf("the shown message does not verify: %v, %v", response, assertion)
	}
	if sent := a.Find(`form[action="`+testACS+`"] input[name=SAMLResponse]`).AttrOr("value", ""); sent != base64.StdEncoding.EncodeToString([]byte(xml)) {
		t.Error("the message to send is not the shown one")
	}
}

func TestSignOutURL(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	b := newBrowser(t, s)
	b.signIn("alice")
	path := strings.TrimPrefix(s.SignOutURL(app.ID), "http://localhost:8081")
	for name, a := range map[string]answer{
		"GET": b.get(path + "?SAMLRequest=whatever"), "POST": b.post(path, url.Values{"SAMLRequest": {"whatever"}}, "Sec-Fetch-Site", "cross-site"),
	} {
		if a.path != "/start" || strings.Contains(a.body, "SAMLResponse") || a.Find(".who strong").Text() != "alice" {
			t.Errorf("%s leads to %s; want the portal, no answer, and alice still signed in", name, a.path)
		}
	}
}

func TestRefusalsByAWS(t *testing.T) {
	t.Parallel()
	const noAccess = "No access"
	policy := func(format string) string {
		return strings.Replace(testRequest, "</samlp:AuthnRequest>", `<samlp:NameIDPolicy AllowCreate="true" Format="`+format+`"/></samlp:AuthnRequest>`, 1)
	}
	for name, c := range map[string]struct {
		who, request string
		change       func(*Application)
		status       int
		message, why string
	}{
		"good":               {"alice", testRequest, nil, http.StatusOK, "", ""},
		"policy as mapped":   {"alice", policy("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"), nil, http.StatusOK, "", ""},
		"policy, no format":  {"alice", strings.Replace(policy(""), ` Format=""`, "", 1), nil, http.StatusOK, "", ""},
		"not assigned":       {"dave", testRequest, nil, http.StatusForbidden, noAccess, "not assigned"},
		"no primary email":   {"carol", testRequest, func(a *Application) { a.Subject.Source = "${user:email}" }, http.StatusForbidden, noAccess, "${user:email}"},
		"Subject not mapped": {"alice", testRequest, func(a *Application) { a.Subject = Mapping{} }, http.StatusForbidden, noAccess, "mapping of Subject"},
		"policy mismatch": {"alice", policy("urn:oasis:names:tc:SAML:2.0:nameid-format:transient"), nil, http.StatusForbidden, noAccess,
			"Request nameID format does not match our record"},
		"policy, old version": {"alice", policy("urn:oasis:names:tc:SAML:1.1:nameid-format:persistent"), func(a *Application) { a.Subject.Format = "persistent" },
			http.StatusForbidden, noAccess, "NameIDPolicy"},
		"issuer": {"alice", testRequest, func(a *Application) { a.Audience += "/" }, http.StatusForbidden,
			"Issuer of request does not match our record", testAudience + "/"},
		"ACS": {"alice", testRequest, func(a *Application) { a.ACS += "/" }, http.StatusForbidden,
			"ACS URL of request does not match our record", testACS + "/"},
		"no ACS in request": {"alice", strings.Replace(testRequest, `AssertionConsumerServiceURL="`+testACS+`"`, "", 1), nil, http.StatusOK, "", ""},
		"issuer comes first": {"dave", policy("urn:x"), func(a *Application) { a.ACS, a.Audience = testACS+"/", testAudience+"/" }, http.StatusForbidden,
			"Issuer of request does not match our record", ""},
		"not a request": {"alice", "<x/>", nil, http.StatusBadRequest, "Bad input", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, app := newSim(t)
			if c.change != nil {
				if err := s.UpdateApplication(app.ID, c.change); err != nil {
					t.Fatal(err)
				}
			}
			b := newBrowser(t, s)
			b.signIn(c.who)
			path := assertionPath(s, app) + redirectQuery(t, c.request, "")
			a := b.get(path)
			if a.status != c.status {
				t.Fatalf("status %d, want %d\n%.2000s", a.status, c.status, a.body)
			}
			if c.status == http.StatusOK {
				delivered(t, a)
				return
			}
			shown := a.Find("main").Text()
			for _, want := range []string{"An error occurred while signing in to the application", c.message, c.why} {
				if !strings.Contains(shown, want) {
					t.Errorf("the page lacks %q:\n%s", want, shown)
				}
			}
			const advice = "Confirm with your administrator that you have access to the application and that your primary email address is assigned " +
				"in IAM Identity Center."
			if strings.Contains(shown, advice) != (c.message == noAccess) {
				t.Errorf("AWS's advice belongs to No access:\n%s", shown)
			}
			b.accept = "application/json"
			var answer map[string]string
			if err := json.Unmarshal([]byte(b.get(path).body), &answer); err != nil || answer["message"] != c.message || len(answer) != 2 {
				t.Errorf("JSON %v, %v", answer, err)
			}
			if c.message == noAccess && answer["__type"] != "com.amazonaws.switchboard.portal#ForbiddenException" {
				t.Errorf("type %q", answer["__type"])
			}
		})
	}
}

func TestDisabledPersonCannotSignIn(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	b := newBrowser(t, s)
	b.signIn("alice")
	if err := s.UpdateSettings(func(c *Settings) { c.People[0].Disabled = true }); err != nil {
		t.Fatal(err)
	}
	if a := b.get("/start/open/" + app.ID); a.status != http.StatusForbidden {
		t.Errorf("an open session still signs in: %d", a.status)
	}
	if a := b.post("/signin", url.Values{"username": {"alice"}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("sign in again: %d", a.status)
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	b := newBrowser(t, s)
	path := strings.TrimPrefix(s.MetadataURL(app.ID), "http://localhost:8081")
	mapped := b.get(path)
	if mapped.body != string(s.Metadata(app.ID)) ||
		!strings.Contains(mapped.body, "<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified</md:NameIDFormat>") {
		t.Errorf("metadata\n%s", mapped.body)
	}
	if err := s.UpdateApplication(app.ID, func(a *Application) { a.Subject = Mapping{} }); err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + s.IssuerURL(app.ID) + `">
  <md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing">
      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
        <ds:X509Data>
          <ds:X509Certificate>C</ds:X509Certificate>
        </ds:X509Data>
      </ds:KeyInfo>
    </md:KeyDescriptor>
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + s.SignOutURL(app.ID) + `"/>
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + s.SignOutURL(app.ID) + `"/>
    <md:NameIDFormat/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + s.SignInURL(app.ID) + `"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + s.SignInURL(app.ID) + `"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
`
	got := b.get(path).body
	certificate := parse(t, []byte(got)).FindElement("//X509Certificate").Text()
	if got = strings.Replace(got, certificate, "C", 1); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if a := b.get("/saml/metadata/nothing"); a.status != http.StatusNotFound {
		t.Errorf("unknown application: %d", a.status)
	}
}
