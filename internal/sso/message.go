package sso

import (
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso/onepass"
)

// assertionData is the verified assertion as values.
type assertionData struct {
	id, version, issueInstant, issuer string
	subjects                          int
	nameID, nameIDFormat              string
	hasNameID                         bool
	confirmations                     []confirmation
	conditions                        *conditions
	authn                             []authnStatement
	attributes                        map[string][]string
}

type confirmation struct {
	method                                      string
	hasData                                     bool
	recipient, inResponseTo, notBefore, notOnOr string
	hasInResponseTo                             bool
}

type conditions struct {
	notBefore, notOnOrAfter string
	audiences               [][]string // one list for each AudienceRestriction
}

type authnStatement struct{ instant, sessionIndex, notOnOrAfter, context string }

// readEnvelope reads what the Response element says.
func readEnvelope(e onepass.Element, trusted bool) envelope {
	env := envelope{trusted: trusted, id: attr(e, "ID"), version: attr(e, "Version"), issueInstant: attr(e, "IssueInstant")}
	env.inResponseTo, env.hasInResponseTo = e.Attr("InResponseTo")
	env.destination, env.hasDestination = e.Attr("Destination")
	if i, ok := e.Child(onepass.Issuer); ok {
		env.issuer, env.hasIssuer = i.Text(), true
	}
	return env
}

// attr is an attribute of an element, empty where there is none.
func attr(e onepass.Element, name string) string {
	value, _ := e.Attr(name)
	return value
}

func readAssertion(e onepass.Element) assertionData {
	a := assertionData{id: attr(e, "ID"), version: attr(e, "Version"), issueInstant: attr(e, "IssueInstant"), attributes: map[string][]string{}}
	for c := range e.Children() {
		switch c.Kind() { //nolint:exhaustive // the others have no value
		case onepass.Issuer:
			a.issuer = c.Text()
		case onepass.Subject:
			a.subjects++
			a.readSubject(c)
		case onepass.Conditions:
			a.readConditions(c)
		case onepass.AuthnStatement:
			a.authn = append(a.authn, readAuthn(c))
		case onepass.AttributeStatement:
			a.readAttributes(c)
		}
	}
	return a
}

func readAuthn(e onepass.Element) authnStatement {
	s := authnStatement{instant: attr(e, "AuthnInstant"), sessionIndex: attr(e, "SessionIndex"), notOnOrAfter: attr(e, "SessionNotOnOrAfter")}
	if c, ok := e.Child(onepass.AuthnContext); ok {
		if ref, ok := c.Child(onepass.AuthnContextClassRef); ok {
			s.context = strings.TrimSpace(ref.Text())
		}
	}
	return s
}

func (a *assertionData) readSubject(e onepass.Element) {
	for c := range e.Children() {
		switch c.Kind() { //nolint:exhaustive // there are these two
		case onepass.NameID:
			a.nameID, a.nameIDFormat, a.hasNameID = c.Text(), attr(c, "Format"), true
		case onepass.SubjectConfirmation:
			a.confirmations = append(a.confirmations, readConfirmation(c))
		}
	}
}

func readConfirmation(e onepass.Element) confirmation {
	c := confirmation{method: attr(e, "Method")}
	if d, ok := e.Child(onepass.SubjectConfirmationData); ok {
		c.hasData = true
		c.recipient = attr(d, "Recipient")
		c.inResponseTo, c.hasInResponseTo = d.Attr("InResponseTo")
		c.notBefore = attr(d, "NotBefore")
		c.notOnOr = attr(d, "NotOnOrAfter")
	}
	return c
}

func (a *assertionData) readConditions(e onepass.Element) {
	c := &conditions{notBefore: attr(e, "NotBefore"), notOnOrAfter: attr(e, "NotOnOrAfter")}
	for r := range e.Children() {
		if r.Kind() != onepass.AudienceRestriction {
			continue
		}
		var audiences []string
		for v := range r.Children() {
			audiences = append(audiences, v.Text())
		}
		c.audiences = append(c.audiences, audiences)
	}
	a.conditions = c
}

// readAttributes collects values by exact name. AWS sends each name once; the
// values of several elements with one name are joined into one list.
func (a *assertionData) readAttributes(e onepass.Element) {
	for c := range e.Children() {
		name := attr(c, "Name")
		values := a.attributes[name]
		if values == nil {
			values = []string{}
		}
		for v := range c.Children() {
			values = append(values, v.Text())
		}
		a.attributes[name] = values
	}
}

// read fills in the message from the verified assertion.
func (m *Message) read() *model.Refusal {
	a := &m.parsed
	if m.envelope.trusted {
		m.ID = m.envelope.id
	}
	m.AssertionID, m.Issuer = a.id, a.issuer
	m.InResponseTo = m.envelope.inResponseTo
	for _, c := range a.confirmations {
		if c.inResponseTo != "" {
			m.InResponseTo = c.inResponseTo
		}
		m.ExpiresAt = latest(m.ExpiresAt, c.notOnOr)
	}
	if a.conditions != nil {
		m.ExpiresAt = latest(m.ExpiresAt, a.conditions.notOnOrAfter)
	}
	if a.id == "" {
		return refuse(model.CauseOtherShape, "The assertion has no ID.")
	}
	return nil
}

func latest(t time.Time, text string) time.Time {
	if u, ok := instant(text); ok && u.After(t) {
		return u
	}
	return t
}

// instant reads a SAML time: UTC, as RFC 3339 (SAML 2.0 core §1.3.3).
func instant(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || !strings.HasSuffix(text, "Z") || t.Year() < 2000 {
		return time.Time{}, false
	}
	return t, true
}
