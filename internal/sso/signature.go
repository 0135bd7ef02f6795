package sso

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso/onepass"
)

const minRSABits = 2048

// verify checks the demanded signatures and reads the message from what they cover.
// said is what the message says about itself, for the words of a refusal.
func verify(d *onepass.Document, said func() shape, t Trust) (*Message, []model.Check, *model.Refusal) {
	both := t.RequireSignatures != model.SignaturesAssertion
	if both && !d.Signed(onepass.WholeResponse) {
		r := Refuse(model.CauseResponseUnsigned, "a signature on the Response and on the Assertion", "none on the Response", "")
		return nil, []model.Check{failed("signature_response", r)}, r
	}
	if !d.Signed(onepass.TheAssertion) {
		r := Refuse(model.CauseAssertionUnsigned, "a signature on the Assertion", "none on the Assertion", "")
		return nil, []model.Check{failed("signature_assertion", r)}, r
	}
	m, checks := &Message{}, make([]model.Check, 0, 3)
	response := d.Claimed(onepass.WholeResponse)
	if both {
		verified, cert, r := verifyPart(d, onepass.WholeResponse, said, t.Certificates)
		if r != nil {
			return nil, append(checks, failed("signature_response", r)), r
		}
		checks = append(checks, passed("signature_response", "", cert.Fingerprint))
		m.SignedBy, response = append(m.SignedBy, cert.Fingerprint), verified
	} else {
		checks = append(checks, skipped("signature_response", "This connection demands only the signature of the Assertion."))
	}
	m.envelope = readEnvelope(response, both)
	verified, cert, r := verifyPart(d, onepass.TheAssertion, said, t.Certificates)
	if r != nil {
		return nil, append(checks, failed("signature_assertion", r)), r
	}
	checks = append(checks, passed("signature_assertion", "", cert.Fingerprint), certificateCheck(cert))
	m.SignedBy = append(m.SignedBy, cert.Fingerprint)
	m.parsed = readAssertion(verified)
	return m, checks, m.read()
}

// verifyPart verifies the signature of a part with the stored certificates. What the
// message says about its key only chooses among the stored certificates.
func verifyPart(d *onepass.Document, p onepass.Part, said func() shape, stored []Certificate) (onepass.Element, Certificate, *model.Refusal) {
	candidates := stored
	if named, ok := d.Certificates(p); ok {
		match, r := selectCertificate(named[0], stored)
		if r == nil {
			r = unreadable(named[1:], match)
		}
		if r != nil {
			return onepass.Element{}, Certificate{}, r
		}
		candidates = []Certificate{match}
	}
	last := refuse(model.CauseNoCertificateStored, "The connection has no certificate to verify with.")
	for _, c := range candidates {
		key, r := strongKey(c)
		if r != nil {
			last = r
			continue
		}
		if verified, ok := d.Verify(p, key); ok {
			return verified, c, nil
		}
		last = said().signatureOf(p).unfit(c)
	}
	return onepass.Element{}, Certificate{}, last
}

// signatureOf is what the signature of a part says about itself.
func (s shape) signatureOf(p onepass.Part) signatureShape {
	of := s.assertSigned
	if p == onepass.WholeResponse {
		of = s.responseSigned
	}
	if of == nil {
		return signatureShape{}
	}
	return *of
}

// certificateCheck says which certificate verified the message. A stored
// certificate that has run out still counts: the key is trusted because an
// administrator stored it, and AWS goes on signing with it. Somebody should
// know, though.
func certificateCheck(c Certificate) model.Check {
	return model.Check{ID: model.CertificateCheck, State: model.CheckPassed, Expected: "a stored certificate",
		Received: c.Fingerprint, Note: "Valid until " + model.Day(c.NotAfter) + "."}
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

// selectCertificate finds the stored certificate that is, byte for byte, the
// first one in the message (base64; empty when there is none).
func selectCertificate(named string, stored []Certificate) (Certificate, *model.Refusal) {
	cause, received := model.CauseCertificateUnreadable, "no certificate"
	if der, err := base64.StdEncoding.DecodeString(named); err == nil && named != "" {
		for _, c := range stored {
			if string(c.Raw) == string(der) {
				return c, nil
			}
		}
		cause, received = model.CauseCertificateReplaced, fingerprint(der)
	}
	var known []string
	for _, c := range stored {
		known = append(known, c.Fingerprint)
	}
	return Certificate{}, Refuse(cause, strings.Join(known, " or "), received,
		"The message is signed with a certificate that this connection does not know.")
}

// unreadable refuses further certificates that are none: they mean nothing here, and
// other verifiers stop at them.
func unreadable(further []string, match Certificate) *model.Refusal {
	for _, text := range further {
		der, err := base64.StdEncoding.DecodeString(text)
		if err == nil {
			_, err = x509.ParseCertificate(der)
		}
		if err != nil {
			return Refuse(model.CauseCertificateUnreadable, match.Fingerprint, "a further certificate that cannot be read",
				"The message names a certificate that is none, behind the one that this connection knows.")
		}
	}
	return nil
}

// strongKey is the key of a certificate, if it is strong enough.
func strongKey(c Certificate) (*rsa.PublicKey, *model.Refusal) {
	key, ok := c.parsed.PublicKey.(*rsa.PublicKey)
	if ok && key.N.BitLen() >= minRSABits {
		return key, nil
	}
	return nil, Refuse(model.CauseWeakKey, fmt.Sprintf("an RSA key of at least %d bits", minRSABits), c.KeyType, "The certificate's key is too weak.")
}

// tooManyElements: other verifiers walk over about a thousand elements and no more.
// The signature may be good; AWS's own maximum has far fewer.
func tooManyElements() *model.Refusal {
	return Refuse(model.CauseTooLarge, "a message of at most about 1,000 elements", "more",
		"The message has more elements than are verified. Nothing is wrong with its signature that was looked at.")
}
