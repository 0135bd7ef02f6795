package sso

import (
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// MaxXML is the largest response, in bytes of XML.
const MaxXML = 512 << 10

// DecodeResponse takes the SAMLResponse form field to XML.
func DecodeResponse(field string) ([]byte, *model.Refusal) {
	return nil, &model.Refusal{Code: model.CodeMalformedResponse}
}

// Trust says whose signatures count and where they must be.
type Trust struct {
	Certificates      []Certificate
	RequireSignatures model.SignatureRequirement
}

// Message is a verified response.
type Message struct {
	ID           string
	AssertionID  string
	InResponseTo string
	Issuer       string
	SignedBy     []string // fingerprints
	ExpiresAt    time.Time
}

// Open verifies a response.
func Open(xml []byte, t Trust) (*Message, []model.Check, *model.Refusal) {
	return nil, nil, &model.Refusal{Code: model.CodeMalformedResponse}
}
