package sso

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// The words for what an answer says of itself, and nobody vouches for.
const claimed = "The answer says of itself, not verified, "

// claim adds to the refusal of an unknown certificate what the answer says of
// itself: whether it comes from another application, and whether anybody asked
// for it. It tells whether the refusal has changed.
func (s shape) claim(r *model.Refusal, t Trust) bool {
	if r.Cause != model.CauseCertificateReplaced || t.IdPEntityID == "" || s.issuer == "" {
		return false
	}
	if s.issuer == t.IdPEntityID {
		r.Detail += " " + claimed + "that it comes from the application that is known here."
	} else {
		r.Detail = claimed + "that it comes from the application with the issuer below. The certificate that it names, and that this connection does not " +
			"know, has the fingerprint " + r.Received + "."
		r.Cause, r.Expected, r.Received = model.CauseOtherApplication, t.IdPEntityID, short(s.issuer)
	}
	if !s.answers {
		r.Detail += " It answers no request: by what it says, a tile in the AWS access portal began it."
	}
	return true
}

// statusNames are the second-level status codes of SAML 2.0 (core §3.2.2.2) by
// their last part, and what they come from.
var statusNames = map[string]model.Cause{
	"InvalidNameIDPolicy":      model.CauseStatusNameID,
	"RequestDenied":            model.CauseStatusDenied,
	"AuthnFailed":              model.CauseStatusFailed,
	"UnknownPrincipal":         model.CauseStatusPerson,
	"NoAuthnContext":           model.CauseStatusContext,
	"NoPassive":                model.CauseStatusPassive,
	"NoAvailableIDP":           model.CauseStatusElsewhere,
	"NoSupportedIDP":           model.CauseStatusElsewhere,
	"ProxyCountExceeded":       model.CauseStatusElsewhere,
	"RequestUnsupported":       model.CauseStatusUnsupported,
	"UnsupportedBinding":       model.CauseStatusUnsupported,
	"ResourceNotRecognized":    model.CauseStatusUnsupported,
	"UnknownAttrProfile":       model.CauseStatusUnsupported,
	"InvalidAttrNameOrValue":   model.CauseStatusUnsupported,
	"RequestVersionDeprecated": model.CauseStatusVersion,
	"RequestVersionTooHigh":    model.CauseStatusVersion,
	"RequestVersionTooLow":     model.CauseStatusVersion,
	"VersionMismatch":          model.CauseStatusVersion,
	"Requester":                model.CauseStatusRequester,
	"Responder":                model.CauseStatusResponder,
}

const statusPrefix = "urn:oasis:names:tc:SAML:2.0:status:"

// statusCause is what a status other than success comes from: the innermost code
// that is known tells most.
func statusCause(codes []string) model.Cause {
	for i := len(codes) - 1; i >= 0; i-- {
		name, ok := strings.CutPrefix(codes[i], statusPrefix)
		if cause, known := statusNames[name]; ok && known {
			return cause
		}
		if i > 0 { // one that nobody knows says more than the outer one, and nothing that we could explain
			return model.CauseStatusOther
		}
	}
	return model.CauseStatusOther
}

// algorithmCause tells a weak algorithm from one that only AWS does not use.
func algorithmCause(algorithm string) model.Cause {
	lower := strings.ToLower(algorithm)
	switch {
	case strings.Contains(lower, "mgf1"), strings.Contains(lower, "rsa-pss"):
		return model.CauseRSAPSS
	case strings.HasSuffix(lower, "sha1"), strings.HasSuffix(lower, "md5"), strings.HasSuffix(lower, "ripemd160"):
		return model.CauseWeakAlgorithm
	}
	return model.CauseOtherAlgorithm
}

// otherRoot names a message that is not a SAML 2.0 response.
func otherRoot(root qname) *model.Refusal {
	const notResponse = "The message is not a SAML response: "
	switch {
	case strings.HasPrefix(root.space, "urn:oasis:names:tc:SAML:1."):
		return refuse(model.CauseOldSAML, notResponse+"it is a %s of SAML 1.x.", short(root.local))
	case root == protocol("AuthnRequest"):
		return refuse(model.CauseOtherMessage, notResponse+"it is a request (AuthnRequest), which goes to AWS and not here.")
	case root == protocol("LogoutRequest"), root == protocol("LogoutResponse"):
		return refuse(model.CauseOtherMessage, notResponse+"it is a logout message (%s).", root.local)
	case root == assertion("Assertion"):
		return refuse(model.CauseOtherMessage, notResponse+"it is an Assertion without the Response around it.")
	case root.space == protocol("").space, root.space == assertion("").space:
		return refuse(model.CauseOtherMessage, notResponse+"it is another message of SAML 2.0 (%s).", short(root.local))
	case root.space == nsMetadata:
		return refuse(model.CauseOtherMessage, notResponse+"it is metadata (%s).", short(root.local))
	case strings.EqualFold(root.local, "html"):
		return refuse(model.CauseNoMessage, notResponse+"it is an HTML page.")
	default:
		return refuse(model.CauseNoMessage, notResponse+"its root is %s.", short(root.local))
	}
}
