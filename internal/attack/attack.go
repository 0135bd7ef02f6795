// Package attack mints SAML responses that must be refused, and honest ones in
// every form that AWS is known or suspected to send. It shares no code with the
// verification that it attacks; keys and names come from the caller.
//
// internal/sso's tests judge every variant, those of the HTTP edge send one for
// every verdict of a class; `go run ./internal/attack/forge` prints one, to
// reproduce a report.
package attack

import (
	"crypto/rsa"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Scene is whom the messages are for, and who signs them.
type Scene struct {
	ACS      string // of the connection under attack
	Audience string // its entity ID
	Issuer   string // entity ID of the identity provider that it trusts
	Request  string // ID of the request that is answered; empty: none
	Now      time.Time
	Subject  string // who signs in; "alice" when empty

	Key         *rsa.PrivateKey // that the connection trusts
	Certificate []byte          // its certificate, DER

	AttackerKey         *rsa.PrivateKey // that it does not
	AttackerCertificate []byte          // with the same subject and serial number

	ids int
}

// Layout is what of an honest message is signed.
type Layout string

// Layouts of signatures. AWS signs both.
const (
	Both          Layout = "both"
	ResponseOnly  Layout = "response"
	AssertionOnly Layout = "assertion"
)

// Variant is one message and what must become of it.
type Variant struct {
	Row  int    // class of attack, as docs/security-tests.md numbers them; 0: an honest message
	Name string // unique
	Want model.Code
	// AssertionOnly: the connection under attack demands only the assertion's
	// signature.
	AssertionOnly bool
	// Unsolicited: the message answers no request.
	Unsolicited bool
	// Mint makes the XML. It may change the scene.
	Mint func(*Scene) string
}

// Variants lists them all, by row.
func Variants() []Variant {
	var all []Variant
	for _, table := range [][]Variant{honest(), signedContent(), trustAnchor(), signatureShape(), wrapping(), parsers(), algorithms(),
		times(), addressing(), binding(), confirmations(), encryption(), exhaustion(), output(), identities(),
		mixedSignatures(), signaturePlaces(), moreParsing(), moreTimes(), moreAddressing(), stableIDs(), foreignAttributes()} {
		all = append(all, table...)
	}
	return all
}

// newID is an ID that the scene has not used. IDs of several messages of one
// scene differ, because the random part of a real one does.
func (s *Scene) newID() string {
	s.ids++
	return "_" + randomHex()
}
