package attack

import (
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// times: a message counts for its time, by one clock.
func times() []Variant {
	expired, early, invalid, malformed := model.CodeExpired, model.CodeNotYetValid, model.CodeConfirmationInvalid, model.CodeMalformedResponse
	window := func(from, until time.Duration) func(*Scene) string {
		return edited(func(s *Scene, m *message) {
			m.conditions = s.conditions(s.Now.Add(from), s.Now.Add(until), audience(s.Audience))
		})
	}
	confirmed := func(until time.Duration) func(*Scene) string {
		return edited(func(s *Scene, m *message) { m.confirmation = s.confirm(bearer, s.ACS, s.Request, s.Now.Add(until)) })
	}
	text := func(part func(*message) *string, from, to string) func(*Scene) string {
		return edited(func(s *Scene, m *message) {
			p := part(m)
			*p = strings.Replace(*p, from, to, 1)
			*p = strings.ReplaceAll(*p, "NOW", stamp(s.Now.Add(hour)))
		})
	}
	conditions := func(m *message) *string { return &m.conditions }
	confirmation := func(m *message) *string { return &m.confirmation }
	return []Variant{
		{Row: 7, Name: "conditions over by 3 minutes", Want: expired, Mint: window(-hour, -3*time.Minute)},
		{Row: 7, Name: "conditions begin in 4 minutes", Want: early, Mint: window(4*time.Minute, hour)},
		{Row: 7, Name: "confirmation over by 3 minutes", Want: expired, Mint: confirmed(-3 * time.Minute)},
		{Row: 7, Name: "confirmation begins in 4 minutes", Want: early, Mint: edited(func(s *Scene, m *message) {
			m.confirmation = strings.Replace(m.confirmation, "<saml2:SubjectConfirmationData",
				`<saml2:SubjectConfirmationData NotBefore="`+stamp(s.Now.Add(4*time.Minute))+`"`, 1)
		})},
		{Row: 7, Name: "conditions without an end", Want: invalid, Mint: text(conditions, " NotOnOrAfter=", " x=")},
		{Row: 7, Name: "confirmation without an end", Want: invalid, Mint: text(confirmation, " NotOnOrAfter=", " x=")},
		{Row: 7, Name: "end that is no time", Want: invalid, Mint: text(conditions, `NotOnOrAfter="20`, `NotOnOrAfter="soon 20`)},
		{Row: 7, Name: "end in another zone", Want: invalid, Mint: edited(func(s *Scene, m *message) {
			m.conditions = strings.Replace(m.conditions, `NotOnOrAfter="`+stamp(s.Now.Add(hour)),
				`NotOnOrAfter="`+s.Now.UTC().Add(hour).Format("2006-01-02T15:04:05")+"+00:00", 1)
		})},
		{Row: 7, Name: "end in the year 0", Want: invalid, Mint: edited(func(s *Scene, m *message) {
			m.conditions = strings.Replace(m.conditions, stamp(s.Now.Add(hour)), "0000-01-01T00:00:00.000Z", 1)
		})},
		{Row: 7, Name: "beginning that is no time", Want: malformed, Mint: text(conditions, `NotBefore="20`, `NotBefore="x20`)},
		{Row: 7, Name: "valid for two days", Want: invalid, Mint: window(-time.Minute, 48*hour)},
		{Row: 7, Name: "session over", Want: expired, Mint: edited(func(s *Scene, m *message) { m.authn = s.statement(s.Now.Add(-2*hour), s.Now.Add(-hour)) })},
		{Row: 7, Name: "issued in 10 minutes", Want: early, Mint: edited(func(s *Scene, m *message) { m.instant = stamp(s.Now.Add(10 * time.Minute)) })},
		{Row: 7, Name: "response issued in 10 minutes", Want: early,
			Mint: edited(func(s *Scene, m *message) { m.responseInstant = stamp(s.Now.Add(10 * time.Minute)) })},
		{Row: 7, Name: "no time of issue", Want: malformed, Mint: edited(func(_ *Scene, m *message) { m.instant = "" })},
	}
}

// addressing: the message is for us, from whom we trust, to the letter.
func addressing() []Variant {
	wrongAudience, recipient, destination, wrongIssuer := model.CodeAudienceMismatch, model.CodeRecipientMismatch, model.CodeDestinationMismatch,
		model.CodeIssuerMismatch
	restricted := func(inner func(*Scene) string) func(*Scene) string {
		return edited(func(s *Scene, m *message) {
			m.conditions = s.conditions(s.Now.Add(-time.Minute), s.Now.Add(hour), inner(s))
		})
	}
	to := func(change func(string) string) func(*Scene) string {
		return edited(func(s *Scene, m *message) { m.destination = change(s.ACS) })
	}
	recipientOf := func(change func(string) string) func(*Scene) string {
		return edited(func(s *Scene, m *message) {
			m.confirmation = s.confirm(bearer, change(s.ACS), s.Request, s.Now.Add(hour))
		})
	}
	from := func(change func(*message, string)) func(*Scene) string {
		return edited(func(s *Scene, m *message) { change(m, s.Issuer) })
	}
	path := func(url string) string { return url[strings.Index(url, "/saml/"):] }
	return []Variant{
		{Row: 8, Name: "audience of another", Want: wrongAudience, Mint: restricted(func(*Scene) string { return audience("urn:other") })},
		{Row: 8, Name: "audience with a slash more", Want: wrongAudience, Mint: restricted(func(s *Scene) string { return audience(s.Audience + "/") })},
		{Row: 8, Name: "audience in capitals", Want: wrongAudience, Mint: restricted(func(s *Scene) string { return audience(strings.ToUpper(s.Audience)) })},
		{Row: 8, Name: "audience with blanks", Want: wrongAudience, Mint: restricted(func(s *Scene) string { return audience(" " + s.Audience + " ") })},
		{Row: 8, Name: "no audience", Want: wrongAudience, Mint: restricted(func(*Scene) string { return "" })},
		{Row: 8, Name: "two restrictions, one not ours", Want: wrongAudience,
			Mint: restricted(func(s *Scene) string { return audience(s.Audience) + audience("urn:other") })},
		{Row: 8, Name: "audience in another namespace", Want: model.CodeMalformedResponse, Mint: restricted(func(s *Scene) string {
			return `<saml2p:AudienceRestriction><saml2p:Audience>` + s.Audience + `</saml2p:Audience></saml2p:AudienceRestriction>`
		})},
		{Row: 8, Name: "unknown condition", Want: model.CodeMalformedResponse, Mint: restricted(func(s *Scene) string {
			return audience(s.Audience) + "<saml2:ProxyRestriction></saml2:ProxyRestriction>"
		})},
		{Row: 8, Name: "two Conditions", Want: model.CodeMalformedResponse, Mint: edited(func(_ *Scene, m *message) { m.conditions += m.conditions })},
		{Row: 8, Name: "no Conditions", Want: wrongAudience, Mint: edited(func(_ *Scene, m *message) { m.conditions = "" })},
		{Row: 8, Name: "destination elsewhere", Want: destination, Mint: to(func(string) string { return "https://elsewhere.example.com/acs" })},
		{Row: 8, Name: "destination is a path", Want: destination, Mint: to(path)},
		{Row: 8, Name: "destination in capitals", Want: destination, Mint: to(strings.ToUpper)},
		{Row: 8, Name: "destination with a slash more", Want: destination, Mint: to(func(u string) string { return u + "/" })},
		{Row: 8, Name: "destination with a query", Want: destination, Mint: to(func(u string) string { return u + "?x=1" })},
		{Row: 8, Name: "no destination", Want: destination, Mint: to(func(string) string { return "" })},
		{Row: 8, Name: "recipient elsewhere", Want: recipient, Mint: recipientOf(func(string) string { return "https://elsewhere.example.com/acs" })},
		{Row: 8, Name: "recipient is a path", Want: recipient, Mint: recipientOf(path)},
		{Row: 8, Name: "no recipient", Want: recipient, Mint: recipientOf(func(string) string { return "" })},
		{Row: 8, Name: "issuer of another application", Want: wrongIssuer,
			Mint: from(func(m *message, id string) { m.issuer, m.responseIssuer = issuer(id+"2"), issuer(id+"2") })},
		{Row: 8, Name: "issuer of the assertion alone differs", Want: wrongIssuer, Mint: from(func(m *message, id string) { m.issuer = issuer(id + "/") })},
		{Row: 8, Name: "issuer of the response alone differs", Want: wrongIssuer, Mint: from(func(m *message, id string) { m.responseIssuer = issuer(id + " ") })},
		{Row: 8, Name: "issuer in capitals", Want: wrongIssuer, Mint: from(func(m *message, id string) { m.issuer = issuer(strings.ToUpper(id)) })},
	}
}

// binding: the message answers the request that this browser is waiting for.
func binding() []Variant {
	unknown := model.CodeInResponseToUnknown
	answers := func(envelope, confirmation string) func(*Scene) string {
		return edited(func(s *Scene, m *message) {
			pick := func(text string) string { return strings.ReplaceAll(text, "REQUEST", s.Request) }
			m.inResponseTo = pick(envelope)
			m.confirmation = s.confirm(bearer, s.ACS, pick(confirmation), s.Now.Add(hour))
		})
	}
	return []Variant{
		{Row: 9, Name: "answer to a foreign request", Want: unknown, Mint: answers("_foreign", "_foreign")},
		{Row: 9, Name: "answer to ours outside, to a foreign one inside", Want: unknown, Mint: answers("REQUEST", "_foreign")},
		{Row: 9, Name: "answer to a foreign one outside, to ours inside", Want: unknown, Mint: answers("_foreign", "REQUEST")},
		{Row: 9, Name: "answer outside only", Want: unknown, Mint: answers("REQUEST", "")},
		{Row: 9, Name: "answer inside only", Want: unknown, Mint: answers("", "REQUEST")},
		{Row: 9, Name: "answer with another case", Want: unknown, Mint: edited(func(s *Scene, m *message) {
			other := strings.ToUpper(s.Request)
			m.inResponseTo, m.confirmation = other, s.confirm(bearer, s.ACS, other, s.Now.Add(hour))
		})},
		{Row: 9, Name: "empty InResponseTo inside", Want: unknown, Unsolicited: true, Mint: edited(func(_ *Scene, m *message) {
			m.confirmation = strings.Replace(m.confirmation, "<saml2:SubjectConfirmationData", `<saml2:SubjectConfirmationData InResponseTo=""`, 1)
		})},
		{Row: 9, Name: "empty InResponseTo outside", Want: unknown, Unsolicited: true, Mint: edited(func(_ *Scene, m *message) {
			m.namespaces += ` InResponseTo=""`
		})},
		{Row: 9, Name: "empty InResponseTo outside, where the assertion alone is signed", Want: unknown, Unsolicited: true, AssertionOnly: true,
			Mint: func(s *Scene) string {
				m := s.aws()
				m.namespaces += ` InResponseTo=""`
				return s.signed(m, AssertionOnly, signing{})
			}},
		{Row: 9, Name: "empty InResponseTo outside, ours inside, where the assertion alone is signed", Want: unknown, AssertionOnly: true,
			Mint: func(s *Scene) string {
				m := s.aws()
				m.inResponseTo, m.namespaces = "", m.namespaces+` InResponseTo=""`
				return s.signed(m, AssertionOnly, signing{})
			}},
		{Row: 9, Name: "answer to a request, but none is waiting", Want: unknown, Unsolicited: true, Mint: answers("_a_request", "_a_request")},
	}
}

// confirmations: bearer, successful, one subject, SAML 2.0.
func confirmations() []Variant {
	invalid, malformed, status, subject := model.CodeConfirmationInvalid, model.CodeMalformedResponse, model.CodeStatusNotSuccess, model.CodeSubjectMissing
	by := func(method string) func(*Scene) string {
		return edited(func(s *Scene, m *message) { m.confirmation = s.confirm(method, s.ACS, s.Request, s.Now.Add(hour)) })
	}
	with := func(change func(*Scene, *message)) func(*Scene) string { return edited(change) }
	code := func(outer, inner string) string {
		return `<saml2p:Status><saml2p:StatusCode Value="` + outer + `">` + inner + `</saml2p:StatusCode></saml2p:Status>`
	}
	return []Variant{
		{Row: 12, Name: "holder of key", Want: invalid, Mint: by("urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")},
		{Row: 12, Name: "sender vouches", Want: invalid, Mint: by("urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")},
		{Row: 12, Name: "no method", Want: invalid, Mint: by("")},
		{Row: 12, Name: "no confirmation", Want: invalid, Mint: with(func(_ *Scene, m *message) { m.confirmation = "" })},
		{Row: 12, Name: "confirmation without data", Want: invalid, Mint: with(func(_ *Scene, m *message) {
			m.confirmation = `<saml2:SubjectConfirmation Method="` + bearer + `"></saml2:SubjectConfirmation>`
		})},
		{Row: 12, Name: "two halves of a confirmation", Want: model.CodeExpired, Mint: with(func(s *Scene, m *message) {
			m.confirmation = s.confirm(bearer, s.ACS, s.Request, s.Now.Add(-hour)) + s.confirm(bearer, "https://elsewhere.example.com/acs", s.Request, s.Now.Add(hour))
		})},
		{Row: 12, Name: "Success nested in a failure", Want: status, Mint: with(func(_ *Scene, m *message) {
			m.status = code(responder, `<saml2p:StatusCode Value="`+success+`"></saml2p:StatusCode>`)
		})},
		{Row: 12, Name: "failure nested in Success", Want: status, Mint: with(func(_ *Scene, m *message) {
			m.status = code(success, `<saml2p:StatusCode Value="`+responder+`"></saml2p:StatusCode>`)
		})},
		{Row: 12, Name: "success in lower case", Want: status, Mint: with(func(_ *Scene, m *message) { m.status = code(strings.ToLower(success), "") })},
		{Row: 12, Name: "two status codes", Want: malformed, Mint: with(func(_ *Scene, m *message) {
			m.status = strings.Replace(code(responder, ""), "</saml2p:Status>", `<saml2p:StatusCode Value="`+success+`"></saml2p:StatusCode></saml2p:Status>`, 1)
		})},
		{Row: 12, Name: "no status", Want: malformed, Mint: with(func(_ *Scene, m *message) { m.status = "" })},
		{Row: 12, Name: "two statuses", Want: malformed, Mint: with(func(_ *Scene, m *message) { m.status += m.status })},
		{Row: 12, Name: "version 1.1", Want: malformed, Mint: with(func(_ *Scene, m *message) { m.version = "1.1" })},
		{Row: 12, Name: "response of version 3", Want: malformed, Mint: with(func(_ *Scene, m *message) { m.responseVersion = "3.0" })},
		{Row: 12, Name: "no statement about the sign-in", Want: malformed, Mint: with(func(_ *Scene, m *message) { m.authn = "" })},
		{Row: 12, Name: "no name", Want: subject, Mint: with(func(_ *Scene, m *message) { m.nameID = "" })},
		{Row: 12, Name: "empty name", Want: subject, Mint: with(func(_ *Scene, m *message) { m.nameID = "<saml2:NameID></saml2:NameID>" })},
		{Row: 12, Name: "blank name", Want: subject, Mint: with(func(_ *Scene, m *message) { m.nameID = "<saml2:NameID> \n </saml2:NameID>" })},
		{Row: 12, Name: "two names", Want: malformed, Mint: with(func(_ *Scene, m *message) { m.nameID += "<saml2:NameID>admin</saml2:NameID>" })},
		{Row: 12, Name: "two subjects", Want: malformed, Mint: with(func(_ *Scene, m *message) {
			m.inAssertion = "<saml2:Subject><saml2:NameID>admin</saml2:NameID></saml2:Subject>"
		})},
	}
}

// output: what a message holds reaches pages only as text.
func output() []Variant {
	const script = `&lt;script&gt;alert(1)&lt;/script&gt;`
	return []Variant{
		{Row: 17, Name: "script in the status message", Want: model.CodeStatusNotSuccess, Mint: edited(func(_ *Scene, m *message) {
			m.status = `<saml2p:Status><saml2p:StatusCode Value="` + responder + `"></saml2p:StatusCode><saml2p:StatusMessage>` + script +
				`</saml2p:StatusMessage></saml2p:Status>`
		})},
		{Row: 17, Name: "terminal codes in the issuer", Want: model.CodeIssuerMismatch, Mint: edited(func(_ *Scene, m *message) {
			m.issuer = issuer("x&#xA;level=ERROR msg=forged&#x202E;")
		})},
	}
}

func named(name string) func(*Scene) string {
	return edited(func(_ *Scene, m *message) { m.nameID = strings.Replace(m.nameID, ">alice<", ">"+name+"<", 1) })
}

// identities: a name that looks like another's is nobody's.
func identities() []Variant {
	invalid := model.CodeUsernameInvalid
	return []Variant{
		{Row: 18, Name: "zero-width space", Want: invalid, Mint: named("al\u200bice")},
		{Row: 18, Name: "right-to-left mark", Want: invalid, Mint: named("al\u200fice")},
		{Row: 18, Name: "text direction turned", Want: invalid, Mint: named("\u202eecila")},
		{Row: 18, Name: "soft hyphen", Want: invalid, Mint: named("al\u00adice")},
		{Row: 18, Name: "no-break space", Want: invalid, Mint: named("al\u00a0ice")},
		{Row: 18, Name: "ideographic space", Want: invalid, Mint: named("al\u3000ice")},
		{Row: 18, Name: "full-width letters", Want: invalid, Mint: named("ａｌｉｃｅ")},
		{Row: 18, Name: "ligature", Want: invalid, Mint: named("o\ufb03ce")},
		{Row: 18, Name: "Kelvin sign", Want: invalid, Mint: named("\u212aate")},
		{Row: 18, Name: "long s", Want: invalid, Mint: named("ali\u017f")},
		{Row: 18, Name: "tab inside", Want: invalid, Mint: named("al&#x9;ice")},
		{Row: 18, Name: "line feed inside", Want: invalid, Mint: named("al&#xA;ice")},
		{Row: 18, Name: "blank inside", Want: invalid, Mint: named("al ice")},
		{Row: 18, Name: "C1 control", Want: invalid, Mint: named("al\u0085ice")},
		{Row: 18, Name: "tag characters", Want: invalid, Mint: named("alice\U000e0041")},
		{Row: 18, Name: "variation selector", Want: invalid, Mint: named("alice\ufe0f")},
		{Row: 18, Name: "private use", Want: invalid, Mint: named("alice\ue000")},
		{Row: 18, Name: "Cyrillic letter among Latin ones", Want: invalid, Mint: named("\u0430lice")},
		{Row: 18, Name: "too long", Want: invalid, Mint: named(strings.Repeat("a", 256))},
	}
}
