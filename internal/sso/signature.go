package sso

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
	"github.com/jonboulle/clockwork"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"

	"github.com/postern-sso/postern/internal/model"
)

const minRSABits = 2048

// verify checks the demanded signatures and reads the message from what they
// cover: under "both" the Assertion is taken out of the verified Response, so
// no byte outside the signatures is ever looked at.
func verify(data []byte, s shape, t Trust) (*Message, []model.Check, *model.Refusal) {
	both := t.RequireSignatures != model.SignaturesAssertion
	var checks []model.Check
	if both && s.responseSigned == nil {
		r := Refuse(model.CauseResponseUnsigned, "a signature on the Response and on the Assertion", "none on the Response", "")
		return nil, []model.Check{failed("signature_response", r)}, r
	}
	if s.assertSigned == nil {
		r := Refuse(model.CauseAssertionUnsigned, "a signature on the Assertion", "none on the Assertion", "")
		return nil, []model.Check{failed("signature_assertion", r)}, r
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(data); err != nil || doc.Root() == nil {
		r := refuse(model.CauseDamaged, "The message is not well-formed XML.")
		return nil, []model.Check{failed("xml_shape", r)}, r
	}
	m := &Message{}
	response := doc.Root()
	if both {
		verified, cert, r := verifyElement(response, *s.responseSigned, t.Certificates)
		if r != nil {
			return nil, []model.Check{failed("signature_response", r)}, r
		}
		checks = append(checks, passed("signature_response", "", cert.Fingerprint))
		m.SignedBy = append(m.SignedBy, cert.Fingerprint)
		response = verified
	} else {
		checks = append(checks, skipped("signature_response", "This connection demands only the signature of the Assertion."))
	}
	m.envelope = readEnvelope(response, both)
	detached, err := detachAssertion(response)
	if errors.Is(err, etreeutils.ErrTraversalLimit) {
		r := tooManyElements()
		return nil, append(checks, failed("signature_assertion", r)), r
	}
	if err != nil {
		r := refuse(model.CauseOtherShape, "The assertion could not be read.")
		return nil, append(checks, failed("signature_assertion", r)), r
	}
	verified, cert, r := verifyElement(detached, *s.assertSigned, t.Certificates)
	if r != nil {
		return nil, append(checks, failed("signature_assertion", r)), r
	}
	checks = append(checks, passed("signature_assertion", "", cert.Fingerprint), certificateCheck(cert))
	m.SignedBy = append(m.SignedBy, cert.Fingerprint)
	m.assertion = verified
	return m, checks, m.read()
}

// certificateCheck says which certificate verified the message. A stored
// certificate that has run out still counts: the key is trusted because an
// administrator stored it, and AWS goes on signing with it. Somebody should
// know, though.
func certificateCheck(c Certificate) model.Check {
	return model.Check{ID: model.CertificateCheck, State: model.CheckPassed, Expected: "a stored certificate",
		Received: c.Fingerprint, Note: "Valid until " + model.Day(c.NotAfter) + "."}
}

// detachAssertion takes the one Assertion out of a Response, with the namespace
// declarations that it inherits.
func detachAssertion(response *etree.Element) (*etree.Element, error) {
	ctx, err := etreeutils.NSBuildParentContext(response)
	if err != nil {
		return nil, err
	}
	if ctx, err = ctx.SubContext(response); err != nil {
		return nil, err
	}
	for _, e := range response.ChildElements() {
		if e.Tag == "Assertion" && e.NamespaceURI() == nsAssertion {
			return etreeutils.NSDetatch(ctx, e)
		}
	}
	return nil, errors.New("no assertion")
}

// verifyElement verifies the signature of an element with the stored
// certificates and returns the element as the verification saw it. What the
// message says about its key only chooses among the stored certificates.
func verifyElement(e *etree.Element, s signatureShape, stored []Certificate) (*etree.Element, Certificate, *model.Refusal) {
	candidates := stored
	if s.hasKeyInfo {
		match, r := selectCertificate(s, stored)
		if r != nil {
			return nil, Certificate{}, r
		}
		candidates = []Certificate{match}
	}
	var last *model.Refusal
	for _, c := range candidates {
		if last = weakKey(c); last != nil {
			continue
		}
		verified, err := validate(e, c)
		if err == nil {
			return verified, c, nil
		}
		if errors.Is(err, etreeutils.ErrTraversalLimit) {
			return nil, c, tooManyElements()
		}
		last = s.unfit(c)
	}
	if last == nil {
		last = refuse(model.CauseNoCertificateStored, "The connection has no certificate to verify with.")
	}
	return nil, Certificate{}, last
}

// unfit is the refusal of a signature that does not fit the certificate c.
func (s signatureShape) unfit(c Certificate) *model.Refusal {
	expected, received := "a signature by "+c.Fingerprint, "a signature that does not fit the content"
	switch {
	case s.blanks:
		return Refuse(model.CauseReformatted, expected, "a signature with blanks inside", "AWS breaks its lines without blanks.")
	case !s.hasKeyInfo:
		return Refuse(model.CauseNoStoredKeyFits, "a signature by one of the stored certificates", received, "The signature names no certificate.")
	}
	return Refuse(model.CauseChanged, expected, received, "The message was changed after it was signed, or signed with another key.")
}

// tooManyElements: goxmldsig walks over about a thousand elements and no more.
// The signature may be good; AWS's own maximum has far fewer.
func tooManyElements() *model.Refusal {
	return Refuse(model.CauseTooLarge, "a message of at most about 1,000 elements", "more",
		"The message has more elements than are verified. Nothing is wrong with its signature that was looked at.")
}

func validate(e *etree.Element, c Certificate) (*etree.Element, error) {
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{c.parsed}})
	ctx.IdAttribute = "ID"
	// The certificate's own dates are judged by Postern, with words of its own.
	ctx.Clock = dsig.NewFakeClock(clockwork.NewFakeClockAt(c.NotAfter))
	return ctx.Validate(e)
}

// selectCertificate finds the stored certificate that is, byte for byte, the
// first one in the message.
func selectCertificate(s signatureShape, stored []Certificate) (Certificate, *model.Refusal) {
	cause, received := model.CauseCertificateUnreadable, "no certificate"
	if len(s.certificates) > 0 {
		der, err := base64.StdEncoding.DecodeString(s.certificates[0])
		if err == nil {
			for _, c := range stored {
				if string(c.Raw) == string(der) {
					return c, nil
				}
			}
			cause, received = model.CauseCertificateReplaced, fingerprint(der)
		}
	}
	var known []string
	for _, c := range stored {
		known = append(known, c.Fingerprint)
	}
	return Certificate{}, Refuse(cause, strings.Join(known, " or "), received,
		"The message is signed with a certificate that this connection does not know.")
}

func weakKey(c Certificate) *model.Refusal {
	key, ok := c.parsed.PublicKey.(*rsa.PublicKey)
	if ok && key.N.BitLen() >= minRSABits {
		return nil
	}
	return Refuse(model.CauseWeakKey, fmt.Sprintf("an RSA key of at least %d bits", minRSABits), c.KeyType, "The certificate's key is too weak.")
}
