package model

import "time"

// CertificateUse is what was seen of one certificate in the logins of a
// connection.
type CertificateUse struct {
	ConnectionID int64
	Fingerprint  string

	SignIns         int // with it, in the last 30 days
	FirstAt, LastAt time.Time
	LastLogin       string // trace of the last one
	LastPerson      string // who that was; empty: not known any more

	// Answers of the last seven days that carried it and were refused because it
	// is not trusted. Nothing vouches for them: anybody can send such answers.
	Refused                       int
	RefusedFirstAt, RefusedLastAt time.Time

	Proposed []byte // the certificate, DER, where it was brought through a setup link and waits for a decision
}

// CertificateProposal is a certificate that somebody without an account brought
// through a setup link. It counts for nothing until an administrator trusts it.
type CertificateProposal struct {
	ID           int64
	ConnectionID int64
	SetupLinkID  int64  // 0: the link is gone
	Proposer     string // as the audit names them
	Fingerprint  string
	Certificate  []byte // DER
	CreatedAt    time.Time
	DecidedAt    time.Time // zero: it waits
	DecidedBy    string
	Trusted      bool // what was decided
}
