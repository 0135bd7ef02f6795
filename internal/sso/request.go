package sso

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// Request is an AuthnRequest on its way to the identity provider.
type Request struct {
	ID           string
	IssueInstant time.Time
	XML          []byte
	Location     string // single sign-on URL
}

// NewRequestID makes an unguessable request ID: "_" and 32 hex digits. It is
// the one function here that is not pure.
func NewRequestID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails: it ends the process instead
	return "_" + hex.EncodeToString(b)
}

// NewRequest writes a request.
func NewRequest(sp ServiceProvider, idp *IdentityProvider, id string, now time.Time) (Request, error) {
	return Request{ID: id, IssueInstant: now}, nil
}

// RedirectURL is the address to send the browser to (HTTP-Redirect binding).
func (r Request) RedirectURL(relayState string) (string, error) { return "", nil }
