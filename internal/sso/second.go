package sso

import (
	"crypto/x509"
	"errors"
	"reflect"
	"strings"

	"github.com/beevik/etree"
	"github.com/jonboulle/clockwork"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/russellhaering/goxmldsig/etreeutils"

	"github.com/postern-sso/postern/internal/model"
)

// openSecond opens a message by the second verifier: the pre-check, etree and goxmldsig.
// It never lets a message in by itself: with --verify both, and in the tests, it must
// say the same of what the first has accepted.
func openSecond(data []byte, t Trust) (*Message, *model.Refusal) {
	s, r := inspectShape(data)
	if r != nil {
		return nil, r
	}
	both := t.RequireSignatures != model.SignaturesAssertion
	if both && s.responseSigned == nil || s.assertSigned == nil {
		return nil, refuse(model.CauseResponseUnsigned, "A signature is missing.")
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(data); err != nil || doc.Root() == nil {
		return nil, refuse(model.CauseDamaged, "The message is not well-formed XML.")
	}
	m, response := &Message{}, doc.Root()
	if both {
		verified, cert, r := verifyElement(response, *s.responseSigned, t.Certificates)
		if r != nil {
			return nil, r
		}
		m.SignedBy, response = append(m.SignedBy, cert.Fingerprint), verified
	}
	m.envelope = secondEnvelope(response, both)
	detached, err := detachAssertion(response)
	if err != nil {
		return nil, refuse(model.CauseOtherShape, "The assertion could not be read.")
	}
	verified, cert, r := verifyElement(detached, *s.assertSigned, t.Certificates)
	if r != nil {
		return nil, r
	}
	m.SignedBy = append(m.SignedBy, cert.Fingerprint)
	m.parsed = secondAssertion(verified)
	return m, m.read()
}

// secondOpinion refuses what the second verifier refuses, or reads in another way.
func secondOpinion(m *Message, data []byte, t Trust) *model.Refusal {
	other, r := openSecond(data, t)
	if r == nil && reflect.DeepEqual(m, other) {
		return nil
	}
	return refuse(model.CauseOtherShape, "The two verifiers do not agree on this message, so it is refused (--verify both).")
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

// verifyElement verifies the signature of an element with the stored certificates, and
// returns the element as the verification saw it.
func verifyElement(e *etree.Element, s signatureShape, stored []Certificate) (*etree.Element, Certificate, *model.Refusal) {
	candidates := stored
	if s.hasKeyInfo {
		match, r := selectCertificate(strings.Join(s.certificates[:min(1, len(s.certificates))], ""), stored)
		if r != nil {
			return nil, Certificate{}, r
		}
		candidates = []Certificate{match}
	}
	for _, c := range candidates {
		if _, r := strongKey(c); r != nil {
			continue
		}
		if verified, err := validate(e, c); err == nil {
			return verified, c, nil
		}
	}
	return nil, Certificate{}, refuse(model.CauseChanged, "No signature holds.")
}

func validate(e *etree.Element, c Certificate) (*etree.Element, error) {
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{c.parsed}})
	ctx.IdAttribute = "ID"
	// The certificate's own dates are judged by Postern, with words of its own.
	ctx.Clock = dsig.NewFakeClock(clockwork.NewFakeClockAt(c.NotAfter))
	return ctx.Validate(e)
}
