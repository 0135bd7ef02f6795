package sso

import (
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Expectations is what a response is held against.
type Expectations struct {
	EntityID         string
	ACSURL           string
	IdPEntityID      string
	Now              time.Time
	ClockSkew        time.Duration
	AllowUnsolicited bool
	Request          *PendingRequest // nil: none found for this message
	OtherBrowser     bool            // a request was found but belongs to another browser
	Replayed         bool            // the assertion's ID has been seen on this connection
}

// PendingRequest is the request that a response answers.
type PendingRequest struct{ ID string }

// Identity is what a response that passed every check says about a person.
type Identity struct {
	NameID              string
	NameIDFormat        string
	Issuer              string
	AssertionID         string
	SessionIndex        string
	IssuedAt            time.Time
	AuthnInstant        time.Time
	SessionNotOnOrAfter time.Time // zero: not limited
	ExpiresAt           time.Time // latest NotOnOrAfter
	Attributes          map[string][]string
	SignedBy            string // fingerprint
}

// Judge decides about a verified message.
func (m *Message) Judge(e Expectations) (*Identity, []model.Check, *model.Refusal) {
	return nil, nil, &model.Refusal{Code: model.CodeMalformedResponse}
}
