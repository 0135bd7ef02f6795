package sso

import (
	"strings"

	"github.com/beevik/etree"
)

func secondEnvelope(e *etree.Element, trusted bool) envelope {
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

func secondAssertion(e *etree.Element) assertionData {
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
			a.secondSubject(c)
		case "Conditions":
			a.secondConditions(c)
		case "AuthnStatement":
			a.authn = append(a.authn, secondAuthn(c))
		case "AttributeStatement":
			a.secondAttributes(c)
		}
	}
	return a
}

func secondAuthn(e *etree.Element) authnStatement {
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

func (a *assertionData) secondSubject(e *etree.Element) {
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

func (a *assertionData) secondConditions(e *etree.Element) {
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
func (a *assertionData) secondAttributes(e *etree.Element) {
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
