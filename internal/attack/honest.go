package attack

import (
	"crypto/rsa"
	"strings"
	"time"
)

// edited is an honest message with something changed before it is signed.
func edited(change func(*Scene, *message)) func(*Scene) string {
	return func(s *Scene) string {
		m := s.aws()
		if change != nil {
			change(s, &m)
		}
		return s.signed(m, Both, signing{})
	}
}

// tampered is an honest message with something changed after it was signed.
func tampered(change func(s *Scene, xml string) string) func(*Scene) string {
	return func(s *Scene) string { return change(s, edited(nil)(s)) }
}

// replaced changes one place after signing.
func replaced(from, to string) func(*Scene) string {
	return tampered(func(_ *Scene, xml string) string { return strings.Replace(xml, from, to, 1) })
}

// inserted puts something before a place after signing.
func inserted(before, what string) func(*Scene) string { return replaced(before, what+before) }

// signedWith is an honest message signed otherwise.
func signedWith(how func(*Scene) signing) func(*Scene) string {
	return func(s *Scene) string { return s.signed(s.aws(), Both, how(s)) }
}

// maxMessage is AWS's limit of an assertion, in characters.
const maxMessage = 50_000

// honest are the forms that AWS is known or suspected to send.
func honest() []Variant {
	groups := func(n int) []string {
		var ids []string
		for range n {
			ids = append(ids, "64d84438-b0c1-708c-f431-"+randomHex()[:12])
		}
		return ids
	}
	later := func(d time.Duration) func(*Scene) string {
		return func(s *Scene) string {
			now := s.Now
			defer func() { s.Now = now }()
			s.Now = s.Now.Add(-d)
			return edited(nil)(s)
		}
	}
	return []Variant{
		{Name: "honest", Mint: edited(nil)},
		{Name: "honest from the tile", Unsolicited: true, Mint: edited(nil)},
		{Name: "honest without attributes", Mint: edited(func(_ *Scene, m *message) {
			m.attributes = attribute("email", "alice@example.com") + attribute("userId", "id-alice")
		})},
		{Name: "honest with line feeds in the signature", Mint: signedWith(func(*Scene) signing { return signing{lines: true} })},
		{Name: "honest with InclusiveNamespaces", Mint: signedWith(func(*Scene) signing { return signing{prefixes: "xsd"} })},
		{Name: "honest without KeyInfo", Mint: signedWith(func(*Scene) signing { return signing{keyInfo: new(string)} })},
		{Name: "honest with SHA-512", Mint: signedWith(func(*Scene) signing { return signing{hash: sha512} })},
		{Name: "honest with several groups", Mint: edited(func(_ *Scene, m *message) { m.attributes += attribute("groups", groups(12)...) })},
		{Name: "honest with 50,000 characters", Mint: func(s *Scene) string {
			n := 1
			for {
				m := s.aws()
				m.attributes += attribute("groups", groups(n)...)
				if len(m.assertion()) > maxMessage-3000 { // the signature comes on top
					return s.signed(m, Both, signing{})
				}
				n += 20
			}
		}},
		{Name: "honest 4 minutes old", Mint: later(4 * time.Minute)},
		{Name: "honest 50 minutes old", Mint: later(50 * time.Minute)},
		{Name: "honest from a clock 2 minutes fast", Mint: later(-2 * time.Minute)},
		{Name: "honest, and NotOnOrAfter is 2 minutes past", Mint: edited(func(s *Scene, m *message) {
			m.conditions = s.conditions(s.Now.Add(-time.Hour), s.Now.Add(-2*time.Minute), audience(s.Audience))
		})},
		{Name: "honest without enc namespace", Mint: edited(func(_ *Scene, m *message) {
			m.namespaces = strings.Replace(m.namespaces, ` xmlns:enc="http://www.w3.org/2001/04/xmlenc#"`, "", 1)
		})},
		{Name: "honest with an escaped name", Mint: edited(func(_ *Scene, m *message) { m.nameID = strings.Replace(m.nameID, "alice", "al&#x69;ce", 1) })},
		{Name: "honest, only the assertion is signed, as this connection allows", AssertionOnly: true,
			Mint: func(s *Scene) string { return s.signed(s.aws(), AssertionOnly, signing{}) }},
		{Name: "honest with two audiences, of which we are one", Mint: edited(func(s *Scene, m *message) {
			two := `<saml2:AudienceRestriction><saml2:Audience>urn:other</saml2:Audience><saml2:Audience>` + s.Audience + `</saml2:Audience></saml2:AudienceRestriction>`
			m.conditions = s.conditions(s.Now.Add(-time.Minute), s.Now.Add(time.Hour), two)
		})},
		{Name: "honest, the second confirmation is good", Mint: edited(func(s *Scene, m *message) {
			m.confirmation = s.confirm(bearer, "https://elsewhere.example.com/acs", s.Request, s.Now.Add(time.Hour)) + m.confirmation
		})},
	}
}

// WithAttributes is an honest message with more attributes, as XML.
func WithAttributes(s *Scene, attributes string) string {
	return edited(func(_ *Scene, m *message) { m.attributes += attributes })(s)
}

// WithEmail is an honest message of somebody who has that email.
func WithEmail(s *Scene, email string) string {
	return edited(func(s *Scene, m *message) {
		m.attributes = attribute("email", email) + attribute("userId", "id-"+s.Subject)
	})(s)
}

// SignedBy is an honest message signed with that key, whose KeyInfo names those
// certificates; none: it has no KeyInfo.
func SignedBy(s *Scene, key *rsa.PrivateKey, named ...[]byte) string {
	info := ""
	if len(named) > 0 {
		info = keyInfo(named...)
	}
	return s.signed(s.aws(), Both, signing{key: key, keyInfo: &info})
}

// WithSessionEnd is an honest message that says when the session at AWS ends.
func WithSessionEnd(s *Scene, end time.Time) string {
	return edited(func(s *Scene, m *message) { m.authn = s.statement(s.Now, end) })(s)
}

// WithNameID is an honest message of alice under that subject.
func WithNameID(s *Scene, nameID string) string { return named(nameID)(s) }
