package sso

import (
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/postern-sso/postern/internal/model"
)

// assertionData is the verified assertion as values. The pre-check has made
// sure that every element is where it belongs and in its namespace, so local
// names are enough here.
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

func readEnvelope(e *etree.Element, trusted bool) envelope {
	env := envelope{
		trusted: trusted, id: attributeValue(e, "ID"), version: attributeValue(e, "Version"),
		issueInstant: attributeValue(e, "IssueInstant"), inResponseTo: attributeValue(e, "InResponseTo"),
	}
	_, env.hasInResponseTo = attributeOf(e, "InResponseTo")
	env.destination, env.hasDestination = attributeOf(e, "Destination")
	if i := childNamed(e, "Issuer"); i != nil {
		env.issuer, env.hasIssuer = i.Text(), true
	}
	return env
}

func childNamed(e *etree.Element, local string) *etree.Element {
	for _, c := range e.ChildElements() {
		if c.Tag == local {
			return c
		}
	}
	return nil
}

func childrenNamed(e *etree.Element, local string) []*etree.Element {
	var all []*etree.Element
	for _, c := range e.ChildElements() {
		if c.Tag == local {
			all = append(all, c)
		}
	}
	return all
}

// read fills in the message from the verified assertion.
func (m *Message) read() *model.Refusal {
	a := readAssertion(m.assertion)
	m.parsed = a
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

func readAssertion(e *etree.Element) assertionData {
	a := assertionData{
		id: attributeValue(e, "ID"), version: attributeValue(e, "Version"),
		issueInstant: attributeValue(e, "IssueInstant"), attributes: map[string][]string{},
	}
	for _, c := range e.ChildElements() {
		switch c.Tag {
		case "Issuer":
			a.issuer = c.Text()
		case "Subject":
			a.subjects++
			a.readSubject(c)
		case "Conditions":
			a.readConditions(c)
		case "AuthnStatement":
			a.authn = append(a.authn, readAuthn(c))
		case "AttributeStatement":
			a.readAttributes(c)
		}
	}
	return a
}

func readAuthn(e *etree.Element) authnStatement {
	s := authnStatement{
		instant: attributeValue(e, "AuthnInstant"), sessionIndex: attributeValue(e, "SessionIndex"),
		notOnOrAfter: attributeValue(e, "SessionNotOnOrAfter"),
	}
	if c := childNamed(e, "AuthnContext"); c != nil {
		if ref := childNamed(c, "AuthnContextClassRef"); ref != nil {
			s.context = strings.TrimSpace(ref.Text())
		}
	}
	return s
}

func (a *assertionData) readSubject(e *etree.Element) {
	if n := childNamed(e, "NameID"); n != nil {
		a.nameID, a.nameIDFormat, a.hasNameID = n.Text(), attributeValue(n, "Format"), true
	}
	for _, s := range childrenNamed(e, "SubjectConfirmation") {
		c := confirmation{method: attributeValue(s, "Method")}
		if d := childNamed(s, "SubjectConfirmationData"); d != nil {
			c.hasData = true
			c.recipient = attributeValue(d, "Recipient")
			c.inResponseTo, c.hasInResponseTo = attributeOf(d, "InResponseTo")
			c.notBefore = attributeValue(d, "NotBefore")
			c.notOnOr = attributeValue(d, "NotOnOrAfter")
		}
		a.confirmations = append(a.confirmations, c)
	}
}

func (a *assertionData) readConditions(e *etree.Element) {
	c := &conditions{notBefore: attributeValue(e, "NotBefore"), notOnOrAfter: attributeValue(e, "NotOnOrAfter")}
	for _, r := range childrenNamed(e, "AudienceRestriction") {
		var audiences []string
		for _, v := range childrenNamed(r, "Audience") {
			audiences = append(audiences, v.Text())
		}
		c.audiences = append(c.audiences, audiences)
	}
	a.conditions = c
}

// readAttributes collects values by exact name. AWS sends each name once; the
// values of several elements with one name are joined into one list.
func (a *assertionData) readAttributes(e *etree.Element) {
	for _, attr := range childrenNamed(e, "Attribute") {
		name := attributeValue(attr, "Name")
		values := a.attributes[name]
		if values == nil {
			values = []string{}
		}
		for _, v := range childrenNamed(attr, "AttributeValue") {
			values = append(values, v.Text())
		}
		a.attributes[name] = values
	}
}
