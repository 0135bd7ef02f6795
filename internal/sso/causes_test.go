package sso_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
	"github.com/postern-sso/postern/internal/sso"
)

// Every cause is a constant of the model, belongs to one code, and has its words:
// what happened, who does what about it, and where.
func TestEveryCauseHasItsRemedy(t *testing.T) {
	t.Parallel()
	var ids []string
	of := map[string]model.Cause{}
	for _, c := range sso.Causes() {
		ids = append(ids, string(c.ID))
		if c.Happened == "" || c.Fix == "" || c.Who == "" || c.Where == "" || !strings.HasSuffix(c.Happened, ".") || !strings.HasSuffix(c.Fix, ".") {
			t.Errorf("%s lacks words: %+v", c.ID, c)
		}
		if other, ok := of[c.Happened]; ok {
			t.Errorf("%s and %s happened alike", c.ID, other)
		}
		of[c.Happened] = c.ID
		if got := sso.CauseOf(*sso.Refuse(c.ID, "", "", ""), sso.Neighborhood{}); got.ID != c.ID || got.Code != c.Code {
			t.Errorf("%s is taken for %s of %s", c.ID, got.ID, got.Code)
		}
		if (c.Step != "") != (c.Cure == sso.CureStep || c.Cure == sso.CureDomain) {
			t.Errorf("%s: the step %q goes with the cure %q", c.ID, c.Step, c.Cure)
		}
		if c.Who == "The person signing in" && !c.Retry() {
			t.Errorf("%s: the person can mend it, and is not told how", c.ID)
		}
	}
	constants := sourcetest.Constants(t, "internal/model", "Cause")
	slices.Sort(ids)
	slices.Sort(constants)
	if !slices.Equal(ids, constants) {
		t.Errorf("the table has\n%v\nthe constants are\n%v", ids, constants)
	}
}

// elsewhere are the causes that no message leads to alone, and the test that
// reaches each.
var elsewhere = map[model.Cause]string{
	model.CauseWeakKey:           "TestRow06StoredWeakKey (web/login)",
	model.CauseOtherApplication:  "TestAnswerOfAnotherApplication",
	model.CauseFormUnreadable:    "TestEveryCauseOfAForm (web/login)",
	model.CauseNotJudged:         "TestRow20RefusedAnswersAreBounded (web/login)",
	model.CauseNotAllowed:        "TestCausesOfUsers (internal/provision)",
	model.CauseLinkedElsewhere:   "TestCausesOfUsers (internal/provision)",
	model.CauseConsentEnded:      "TestCausesOfUsers (internal/provision)",
	model.CauseAdministers:       "TestCausesOfUsers (internal/provision)",
	model.CauseStableID:          "TestCausesOfUsers (internal/provision)",
	model.CauseUserUnknown:       "TestCausesOfUsers (internal/provision)",
	model.CauseUsersNotCreated:   "TestCausesOfUsers (internal/provision)",
	model.CauseUserDeactivated:   "TestCausesOfUsers (internal/provision)",
	model.CauseDomain:            "TestCausesOfUsers (internal/provision)",
	model.CauseNoEmail:           "TestCausesOfUsers (internal/provision)",
	model.CauseProvisioningUnset: "TestCausesOfUsers (internal/provision)",
	model.CauseAnsweredBefore:    "TestRow09RequestIsClaimedOnce (web/login)",
	model.CauseInternal:          "TestPanicsLeaveOneTrace (web/login)",
	model.CauseMetadataUnusable:  "TestUnusableMetadataIsItsOwnCause (web/login)",
}

// Every cause is reached by a message or by a state, and keeps the code that it
// belongs to.
func TestEveryCauseIsReached(t *testing.T) {
	t.Parallel()
	reached := map[model.Cause]string{}
	note := func(by string, r *model.Refusal) {
		if r == nil {
			return
		}
		c := sso.CauseOf(*r, sso.Neighborhood{})
		if r.Cause != c.ID || c.Code != r.Code {
			t.Errorf("%s: %+v names no cause of its code", by, r)
		}
		if _, ok := reached[c.ID]; !ok {
			reached[c.ID] = by
		}
	}
	for _, v := range attack.Variants() {
		_, verdict := mint(t, v)
		note(v.Name, verdict.refusal)
	}
	for _, c := range statedCauses(t) {
		note(c.name, c.refusal)
		if c.refusal == nil || c.refusal.Cause != c.want {
			t.Errorf("%s: %+v, want %s", c.name, c.refusal, c.want)
		}
	}
	for _, c := range sso.Causes() {
		_, here := reached[c.ID]
		_, there := elsewhere[c.ID]
		if !here && !there && c.ID != model.CauseNoAnswer { // which only time tells
			t.Errorf("nothing leads to %s", c.ID)
		}
		if here && there {
			t.Errorf("%s is reached by %q: it needs no other test", c.ID, reached[c.ID])
		}
	}
}

type statedCause struct {
	name    string
	refusal *model.Refusal
	want    model.Cause
}

// statedCauses are refusals by messages and states that internal/attack has not.
func statedCauses(t *testing.T) []statedCause {
	t.Helper()
	s := newScene(time.Now().UTC().Truncate(time.Millisecond))
	honest := attack.Variants()[0].Mint(&s)
	config := model.DefaultConfig("https://sso.example.com")
	config.Attributes = model.AttributeMap{Username: model.AttributeSubject, Email: "email"}
	mapped := func(nameID string, attributes map[string][]string) *model.Refusal {
		_, _, r := sso.MapAttributes(config, &sso.Identity{NameID: nameID, Attributes: attributes})
		return r
	}
	neighbors := func(n sso.Neighborhood) *model.Refusal {
		r := mapped("ana", map[string][]string{"userId": {"1"}})
		sso.Settle(r, n)
		return r
	}
	opened := func(change func(string) string) *model.Refusal {
		_, _, r := sso.Open([]byte(change(honest)), sceneTrust())
		return r
	}
	replace := func(from, to string) *model.Refusal {
		return opened(func(m string) string {
			if !strings.Contains(m, from) {
				t.Errorf("the honest message lacks %q", from)
			}
			return strings.Replace(m, from, to, 1)
		})
	}
	_, notBase64 := sso.DecodeResponse("%")
	all := []statedCause{
		{"no base64", notBase64, model.CauseNotBase64},
		{"breaks off", opened(func(m string) string { return m[:len(m)/2] }), model.CauseDamaged},
		{"no XML", opened(func(string) string { return "hello" }), model.CauseNoMessage},
		{"another document", opened(func(string) string { return "<a/>" }), model.CauseNoMessage},
		{"a request", opened(func(string) string { return `<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"/>` }), model.CauseOtherMessage},
		{"metadata", opened(func(string) string { return sceneMetadata() }), model.CauseOtherMessage},
		{"SAML 1.1", opened(func(string) string { return `<Response xmlns="urn:oasis:names:tc:SAML:1.0:protocol"/>` }), model.CauseOldSAML},
		{"AD FS binds the default namespace again", opened(func(string) string {
			return `<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol"><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">x</Issuer></Response>`
		}), model.CauseOtherShape},
		{"RSA-PSS", replace("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"), model.CauseRSAPSS},
		{"ECDSA", replace("xmldsig-more#rsa-sha256", "xmldsig-more#ecdsa-sha256"), model.CauseOtherAlgorithm},
		{"blanks inside of the signature's value", opened(func(m string) string {
			at := strings.Index(m, "<ds:SignatureValue>") + len("<ds:SignatureValue>") + 40
			return m[:at] + " " + m[at:]
		}), model.CauseReformatted},
		{"no certificate stored", func() *model.Refusal {
			_, _, r := sso.Open([]byte(strings.ReplaceAll(honest, keyInfoOf(honest), "")), sso.Trust{RequireSignatures: model.SignaturesBoth})
			return r
		}(), model.CauseNoCertificateStored},
		{"certificate that is no base64", replace("<ds:X509Certificate>", "<ds:X509Certificate>%"), model.CauseCertificateUnreadable},
		{"a row for nobody", mapped("ana", map[string][]string{"userId": {"1"}}), model.CauseAttributeAbsent},
		{"a row that others have", neighbors(sso.Neighborhood{OthersRead: 20, OthersBrought: 20}), model.CauseAttributeOfPerson},
		{"a row that nobody has", neighbors(sso.Neighborhood{OthersRead: 20}), model.CauseAttributeAbsent},
		{"a row in capitals", mapped("ana", map[string][]string{"Email": {"a@example.com"}}), model.CauseAttributeMisspelled},
		{"a row with a letter less", mapped("ana", map[string][]string{"emai": {"a@example.com"}}), model.CauseAttributeMisspelled},
		{"empty", mapped("ana", map[string][]string{"email": {" "}}), model.CauseAttributeEmpty},
		{"without a value", mapped("ana", map[string][]string{"email": {}}), model.CauseAttributeNoValue},
		{"several values", mapped("ana", map[string][]string{"email": {"a@example.com", "b@example.com"}}), model.CauseAttributeSeveral},
		{"too long", mapped("ana", map[string][]string{"email": {strings.Repeat("a", 300) + "@example.com"}}), model.CauseAttributeTooLong},
		{"far too long", mapped("ana", map[string][]string{"email": {strings.Repeat("a", 5000)}}), model.CauseAttributeTooLong},
		{"no address", mapped("ana", map[string][]string{"email": {"ana"}}), model.CauseAttributeUnusable},
		{"the mapping's text", mapped("ana", map[string][]string{"email": {"${user:email}"}}), model.CauseAttributeLiteral},
		{"the mapping's text for the name", mapped("${user:email}", map[string][]string{"email": {"a@example.com"}}), model.CauseUsernameLiteral},
		{"the mapping's text with a blank", mapped("${ user:subject }", map[string][]string{"email": {"a@example.com"}}), model.CauseUsernameLiteral},
		{"a blank inside", mapped("ana b", map[string][]string{"email": {"a@example.com"}}), model.CauseUsernameUnfit},
		{"two people with one subject", namesakes("Subject", model.Person{NameID: "everybody"}, model.Person{NameID: "everybody"}), model.CauseSubjectShared},
		{"two people with one stable id", namesakes("userId", model.Person{NameID: "ana", ExternalID: "x"}, model.Person{NameID: "ben", ExternalID: "x"}),
			model.CauseAttributeShared},
		{"a long name", mapped(strings.Repeat("a", 256), map[string][]string{"email": {"a@example.com"}}), model.CauseUsernameTooLong},
		{"nothing left", func() *model.Refusal {
			c := config
			c.Username.Pattern, c.Username.Replace = ".*", ""
			_, _, r := sso.MapAttributes(c, &sso.Identity{NameID: "ana", Attributes: map[string][]string{"email": {"a@example.com"}}})
			return r
		}(), model.CauseUsernameEmpty},
		{"no connection", sso.NotOpen(model.Connection{}), model.CauseConnectionUnknown},
		{"a draft", sso.NotOpen(model.Connection{Slug: "aws", Status: model.StatusReady}), model.CauseConnectionDraft},
		{"suspended", sso.NotOpen(model.Connection{Slug: "aws", Status: model.StatusSuspended}), model.CauseConnectionSuspended},
	}
	return append(append(all, judgedCauses(t, honest, s)...), statusCauses()...)
}

// judgedCauses are refusals of an honest message by what it is held against.
func judgedCauses(t *testing.T, honest string, s attack.Scene) []statedCause {
	t.Helper()
	judge := func(change func(*sso.Expectations)) *model.Refusal {
		m, _, r := sso.Open([]byte(honest), sceneTrust())
		if r != nil {
			t.Fatal(r)
		}
		e := expectations(s)
		change(&e)
		_, _, r = m.Judge(e)
		return r
	}
	astray := func(at string, c sso.Claims) *model.Refusal {
		return sso.ServiceProvider{EntityID: sceneEntity, ACSURL: sceneACS}.Astray(at, "https://sso.example.com/saml/aws/login", c)
	}
	exchanged := newScene(s.Now)
	exchanged.Audience = sceneACS
	other := attack.Variants()[0].Mint(&exchanged)
	m, _, _ := sso.Open([]byte(other), sceneTrust())
	_, _, audience := m.Judge(expectations(exchanged))
	unasked := newScene(s.Now)
	unasked.Request = ""
	tile, _, _ := sso.Open([]byte(attack.Variants()[0].Mint(&unasked)), sceneTrust())
	e := expectations(unasked)
	e.AllowUnsolicited = false
	_, _, refused := tile.Judge(e)
	return []statedCause{
		{"another browser", judge(func(e *sso.Expectations) { e.OtherBrowser = true }), model.CauseOtherBrowser},
		{"used before", judge(func(e *sso.Expectations) { e.Replayed = true }), model.CauseReplayed},
		{"no RelayState", judge(func(e *sso.Expectations) { e.Request, e.NoHandle = nil, true }), model.CauseRelayStateLost},
		{"a slash too much", astray(sceneACS+"/", sso.Claims{}), model.CauseACSElsewhere},
		{"the fields exchanged", astray(sceneEntity, sso.Claims{Audience: sceneACS}), model.CauseACSAudienceExchanged},
		{"a proxy that changes the path", astray(sceneACS+"/", sso.Claims{Destination: sceneACS}), model.CausePathChanged},
		{"no request", judge(func(e *sso.Expectations) { e.Request = nil }), model.CauseRequestOver},
		{"the ACS for audience", audience, model.CauseAudienceIsACS},
		{"a tile", refused, model.CauseTileRefused},
		withStatus("success without an assertion", `<p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>`, model.CauseNoAssertion),
	}
}

func keyInfoOf(message string) string {
	from := strings.Index(message, "<ds:KeyInfo>")
	return message[from : from+strings.Index(message[from:], "</ds:KeyInfo>")+len("</ds:KeyInfo>")]
}

func sceneTrust() sso.Trust {
	return sso.Trust{Certificates: sceneProvider().Certificates, RequireSignatures: model.SignaturesBoth, IdPEntityID: sceneIdP}
}

// statusCauses are answers with every second-level status of SAML 2.0.
func statusCauses() []statedCause {
	const status = "urn:oasis:names:tc:SAML:2.0:status:"
	var all []statedCause
	for second, want := range map[string]model.Cause{
		"": model.CauseStatusResponder, status + "AuthnFailed": model.CauseStatusFailed, status + "InvalidAttrNameOrValue": model.CauseStatusUnsupported,
		status + "InvalidNameIDPolicy": model.CauseStatusNameID, status + "NoAuthnContext": model.CauseStatusContext,
		status + "NoAvailableIDP": model.CauseStatusElsewhere, status + "NoPassive": model.CauseStatusPassive,
		status + "NoSupportedIDP": model.CauseStatusElsewhere, status + "ProxyCountExceeded": model.CauseStatusElsewhere,
		status + "RequestDenied": model.CauseStatusDenied, status + "RequestUnsupported": model.CauseStatusUnsupported,
		status + "RequestVersionDeprecated": model.CauseStatusVersion, status + "RequestVersionTooHigh": model.CauseStatusVersion,
		status + "RequestVersionTooLow": model.CauseStatusVersion, status + "ResourceNotRecognized": model.CauseStatusUnsupported,
		status + "UnknownAttrProfile": model.CauseStatusUnsupported, status + "UnknownPrincipal": model.CauseStatusPerson,
		status + "UnsupportedBinding": model.CauseStatusUnsupported, status + "PartialLogout": model.CauseStatusOther,
		status + "TooManyResponses": model.CauseStatusOther, "urn:example:own": model.CauseStatusOther,
	} {
		inner := ""
		if second != "" {
			inner = `<p:StatusCode Value="` + second + `"/>`
		}
		all = append(all, withStatus("status "+second, `<p:StatusCode Value="`+status+`Responder">`+inner+`</p:StatusCode>`, want))
	}
	return append(all, withStatus("requester", `<p:StatusCode Value="`+status+`Requester"/>`, model.CauseStatusRequester),
		withStatus("version", `<p:StatusCode Value="`+status+`VersionMismatch"/>`, model.CauseStatusVersion),
		withStatus("no known status", `<p:StatusCode Value="x"/>`, model.CauseStatusOther),
		withStatus("a detail with elements", `<p:StatusCode Value="`+status+`Requester"/><p:StatusDetail><x:Cause xmlns:x="urn:x"><p:Status/></x:Cause>`+
			`</p:StatusDetail>`, model.CauseStatusRequester))
}

func withStatus(name, inner string, want model.Cause) statedCause {
	_, _, r := sso.Open([]byte(`<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" Version="2.0"><p:Status>`+inner+
		`</p:Status></p:Response>`), sceneTrust())
	return statedCause{name, r, want}
}

// A detail of a status with elements is looked over where the status is a
// failure, and never in a message that is accepted.
func TestStatusDetailHidesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(time.Now().UTC().Truncate(time.Millisecond))
	honest := attack.Variants()[0].Mint(&s)
	at := strings.Index(honest, "<saml2:Assertion")
	twin := honest[at : strings.Index(honest, "</saml2:Assertion>")+len("</saml2:Assertion>")]
	for _, detail := range []string{"<x/>", twin, "<ds:Signature/>", `<x ID="_q"/>`} {
		message := strings.Replace(honest, `Success"/>`, `Success"/><saml2p:StatusDetail>`+detail+`</saml2p:StatusDetail>`, 1)
		if message == honest {
			t.Fatal("the status was not found")
		}
		if _, _, r := sso.Open([]byte(message), sceneTrust()); r == nil || r.Code != model.CodeMalformedResponse {
			t.Errorf("%.30s: %+v", detail, r)
		}
	}
}

// What an answer by another application says of itself is told, and marked as
// not verified; the code stays.
func TestAnswerOfAnotherApplication(t *testing.T) {
	t.Parallel()
	sign := func(issuer, request string) *model.Refusal {
		s := newScene(time.Now().UTC().Truncate(time.Millisecond))
		s.Issuer, s.Request = issuer, request
		s.Key, s.Certificate = s.AttackerKey, s.AttackerCertificate
		_, checks, r := sso.Open([]byte(attack.Variants()[0].Mint(&s)), sceneTrust())
		if last := checks[len(checks)-1]; last.Received != r.Received || last.Note != r.Detail || last.Title == "" {
			t.Errorf("the check says %+v, the refusal %+v", last, r)
		}
		return r
	}
	other := sign("https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/B", "")
	c := sso.CauseOf(*other, sso.Neighborhood{})
	if other.Code != model.CodeCertificateUnknown || c.ID != model.CauseOtherApplication || !c.Claimed || !c.Alike || other.Expected != sceneIdP ||
		other.Received != "https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/B" {
		t.Errorf("%+v by %+v", other, c)
	}
	for _, words := range []string{"not verified", "tile", "fingerprint"} {
		if !strings.Contains(other.Detail, words) {
			t.Errorf("the detail lacks %q: %s", words, other.Detail)
		}
	}
	if asked := sign("https://other.example.com", "_q"); strings.Contains(asked.Detail, "tile") {
		t.Errorf("a tile is said to have begun what answers a request: %s", asked.Detail)
	}
	replaced := sign(sceneIdP, "_q")
	if replaced.Cause != model.CauseCertificateReplaced || !strings.Contains(replaced.Detail, "not verified") {
		t.Errorf("%+v", replaced)
	}
}

// What was expected and what came are of one kind, or are not compared letter by
// letter.
func TestOnlyLikeThingsAreCompared(t *testing.T) {
	t.Parallel()
	hostile := "terminal codes in the issuer" // is no issuer, and is shown as it came
	address := func(s string) bool {
		return strings.HasPrefix(s, "http") || strings.HasPrefix(s, "urn:") || strings.HasPrefix(s, "HTTP")
	}
	for _, v := range attack.Variants() {
		_, verdict := mint(t, v)
		r := verdict.refusal
		if r == nil || v.Name == hostile || !sso.CauseOf(*r, sso.Neighborhood{}).Alike ||
			strings.HasPrefix(r.Expected, "_") || r.Cause == model.CauseAttributeMisspelled {
			continue
		}
		received := strings.TrimSpace(r.Received)
		if received != "" && address(r.Expected) != address(received) && !strings.HasPrefix(received, "/saml/") {
			t.Errorf("%s: %q is compared with %q", v.Name, r.Expected, r.Received)
		}
	}
}

// The form that asks for a NameID says which one, where that is the trouble.
func TestNameIDPolicyIsSetAgainstTheRequest(t *testing.T) {
	t.Parallel()
	r := withStatus("", `<p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><p:StatusCode `+
		`Value="urn:oasis:names:tc:SAML:2.0:status:InvalidNameIDPolicy"/></p:StatusCode>`, "").refusal
	sso.Settle(r, sso.Neighborhood{Requested: model.NameIDEmail.Asked()})
	c := sso.CauseOf(*r, sso.Neighborhood{})
	if r.Expected != "emailAddress" || !strings.Contains(r.Detail, "InvalidNameIDPolicy") || c.Field == nil || c.Field.Label != "Subject: Format" {
		t.Errorf("%+v with %+v", r, c.Field)
	}
}

// A trace of before there were causes is explained by its code's first cause.
func TestOldTracesHaveTheFirstCause(t *testing.T) {
	t.Parallel()
	for _, code := range model.Codes {
		if c := sso.CauseOf(model.Refusal{Code: code}, sso.Neighborhood{}); c.ID != sso.Explain(code).Causes[0].ID || c.Code != code {
			t.Errorf("%s: %s", code, c.ID)
		}
	}
	if c := sso.CauseOf(model.Refusal{Code: model.CodeExpired, Cause: "of a later version"}, sso.Neighborhood{}); c.ID != model.CauseAnswerOld {
		t.Errorf("an unknown cause: %s", c.ID)
	}
}
