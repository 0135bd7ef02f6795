package sso

import (
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso/onepass"
)

// MaxXML is the largest message that is read, in bytes.
const MaxXML = 512 << 10

// DecodeResponse reads the form field SAMLResponse: base64 of the message
// (SAML 2.0 bindings §3.5.4). Line breaks are allowed, anything else is not.
func DecodeResponse(field string) ([]byte, *model.Refusal) {
	if len(field) > base64.StdEncoding.EncodedLen(MaxXML)+MaxXML/16 {
		return nil, &model.Refusal{Code: model.CodeTooLarge, Cause: model.CauseTooLarge,
			Expected: "at most " + model.Number(MaxXML) + " bytes of XML", Received: model.Number(len(field)) + " bytes of base64"}
	}
	data, err := base64.StdEncoding.Strict().DecodeString(strings.NewReplacer("\r", "", "\n", "").Replace(field))
	if err != nil {
		return nil, refuse(model.CauseNotBase64, "The response is not base64.")
	}
	if len(data) > MaxXML {
		return nil, &model.Refusal{Code: model.CodeTooLarge, Cause: model.CauseTooLarge,
			Expected: "at most " + model.Number(MaxXML) + " bytes", Received: model.Number(len(data)) + " bytes"}
	}
	return data, nil
}

// Trust is whose signatures count, and on what.
type Trust struct {
	Certificates      []Certificate
	RequireSignatures model.SignatureRequirement
	IdPEntityID       string // of the application that is known; it only tells why a certificate is not
	SecondOpinion     bool   // accept only what the second verifier accepts, too
}

// Message is a response whose signatures have been verified. Everything in it
// is read from the elements that the verification returned.
type Message struct {
	ID           string // of the Response; empty when only the Assertion was demanded signed
	AssertionID  string
	InResponseTo string // of the Assertion's confirmation, else of the Response
	Issuer       string // of the Assertion
	SignedBy     []string
	ExpiresAt    time.Time // latest NotOnOrAfter: how long the assertion could be used again

	envelope envelope
	parsed   assertionData
}

// envelope is what the Response element says. It is trusted only as far as its
// signature was demanded.
type envelope struct {
	trusted                               bool
	id, destination, inResponseTo, issuer string
	version, issueInstant                 string
	hasDestination, hasIssuer             bool
	hasInResponseTo                       bool
}

// Open refuses by shape, verifies the signatures, and reads the message from
// the verified elements. It never panics: a fault of ours or of a library is a
// refusal. The checks are those that were made, for the trace.
func Open(data []byte, t Trust) (m *Message, checks []model.Check, refusal *model.Refusal) {
	defer func() {
		if v := recover(); v != nil {
			m, refusal = nil, refuse(model.CauseOtherShape, "The message could not be read.")
			checks = append(checks, failed("xml_shape", refusal))
		}
	}()
	d, err := onepass.Read(data)
	if err != nil {
		refusal = explain(data, err)
		return nil, shapeChecks(refusal), refusal
	}
	checks = []model.Check{
		{ID: "size", State: model.CheckPassed, Expected: "at most " + model.Number(MaxXML) + " bytes", Received: model.Number(len(data)) + " bytes"},
		passed("xml_shape", "", ""),
		passed("status", statusSuccess, statusSuccess),
		passed("signature_algorithm", "", ""),
	}
	said := sync.OnceValue(func() shape { s, _ := inspectShape(data); return s })
	m, more, refusal := verify(d, said, t)
	if refusal == nil && t.SecondOpinion {
		if refusal = secondOpinion(m, data, t); refusal != nil {
			more = append(more, failed("xml_shape", refusal))
		}
	}
	checks = titled(append(checks, more...))
	if refusal != nil {
		if last := &checks[len(checks)-1]; said().claim(refusal, t) {
			*last = failed(last.ID, refusal)
			last.Title = CheckTitle(last.ID)
		}
		return nil, checks, refusal
	}
	return m, checks, nil
}

// explain says why a message is not in the language that is verified. The pre-check
// knows most reasons by name.
func explain(data []byte, why error) *model.Refusal {
	_, r := inspectShape(data)
	switch {
	case r != nil:
		return r
	case errors.Is(why, onepass.TooManyElements):
		return tooManyElements()
	}
	return refuse(model.CauseOtherShape, "The message is not as AWS writes it: %s.", why)
}

// shapeChecks lists the checks up to the one that the pre-check refused.
func shapeChecks(r *model.Refusal) []model.Check {
	var checks []model.Check
	id := "xml_shape"
	switch r.Code { //nolint:exhaustive // the other codes are of the shape
	case model.CodeTooLarge:
		id = "size"
	case model.CodeStatusNotSuccess:
		id = "status"
	case model.CodeSignatureAlgorithm:
		id = "signature_algorithm"
	case model.CodeSignatureInvalid:
		id = "signature_response"
	}
	for _, before := range []string{"size", "xml_shape", "status", "signature_algorithm"} {
		if before == id {
			break
		}
		checks = append(checks, passed(before, "", ""))
	}
	return titled(append(checks, failed(id, r)))
}

func passed(id, expected, received string) model.Check {
	return model.Check{ID: id, State: model.CheckPassed, Expected: expected, Received: received}
}

func failed(id string, r *model.Refusal) model.Check {
	return model.Check{ID: id, State: model.CheckFailed, Code: r.Code, Expected: r.Expected, Received: r.Received, Note: r.Detail,
		Alike: CauseOf(*r, Neighborhood{}).Alike}
}

func skipped(id, why string) model.Check {
	return model.Check{ID: id, State: model.CheckSkipped, Note: why}
}

func titled(checks []model.Check) []model.Check {
	for i := range checks {
		checks[i].Title = CheckTitle(checks[i].ID)
	}
	return checks
}
