package model

import (
	"slices"
	"time"
)

// Code is a permanent reason of refusal; sso.Explain has the words for each.
type Code string

// Every reason of refusal. The spelling is a contract.
const (
	CodeMalformedResponse        Code = "malformed_response"
	CodeTooLarge                 Code = "too_large"
	CodeDTDForbidden             Code = "dtd_forbidden"
	CodeStatusNotSuccess         Code = "status_not_success"
	CodeNoAssertion              Code = "no_assertion"
	CodeMultipleAssertions       Code = "multiple_assertions"
	CodeEncryptedAssertion       Code = "encrypted_assertion"
	CodeSignatureMissing         Code = "signature_missing"
	CodeSignatureInvalid         Code = "signature_invalid"
	CodeSignatureAlgorithm       Code = "signature_algorithm"
	CodeCertificateUnknown       Code = "certificate_unknown"
	CodeIssuerMismatch           Code = "issuer_mismatch"
	CodeDestinationMismatch      Code = "destination_mismatch"
	CodeRecipientMismatch        Code = "recipient_mismatch"
	CodeAudienceMismatch         Code = "audience_mismatch"
	CodeNotYetValid              Code = "not_yet_valid"
	CodeExpired                  Code = "expired"
	CodeConfirmationInvalid      Code = "confirmation_invalid"
	CodeInResponseToUnknown      Code = "in_response_to_unknown"
	CodeInResponseToOtherBrowser Code = "in_response_to_other_browser"
	CodeUnsolicitedRefused       Code = "unsolicited_refused"
	CodeReplayed                 Code = "replayed"
	CodeSubjectMissing           Code = "subject_missing"
	CodeAttributeMissing         Code = "attribute_missing"
	CodeUsernameInvalid          Code = "username_invalid"
	CodeEmailDomainRefused       Code = "email_domain_refused"
	CodeUsernameTaken            Code = "username_taken"
	CodeUserUnknown              Code = "user_unknown"
	CodeUserDeactivated          Code = "user_deactivated"
	CodeConnectionNotLive        Code = "connection_not_live"
	CodeNoAnswer                 Code = "no_answer"
	CodeInternal                 Code = "internal"
)

// Codes lists every reason once, in the order of the design.
var Codes = []Code{
	CodeMalformedResponse, CodeTooLarge, CodeDTDForbidden, CodeStatusNotSuccess, CodeNoAssertion,
	CodeMultipleAssertions, CodeEncryptedAssertion, CodeSignatureMissing, CodeSignatureInvalid,
	CodeSignatureAlgorithm, CodeCertificateUnknown, CodeIssuerMismatch, CodeDestinationMismatch,
	CodeRecipientMismatch, CodeAudienceMismatch, CodeNotYetValid, CodeExpired, CodeConfirmationInvalid,
	CodeInResponseToUnknown, CodeInResponseToOtherBrowser, CodeUnsolicitedRefused, CodeReplayed,
	CodeSubjectMissing, CodeAttributeMissing, CodeUsernameInvalid, CodeEmailDomainRefused,
	CodeUsernameTaken, CodeUserUnknown, CodeUserDeactivated, CodeConnectionNotLive, CodeNoAnswer,
	CodeInternal,
}

// Refusal says why a login was refused, with the evidence.
type Refusal struct {
	Code     Code   `json:"code"`
	Cause    Cause  `json:"cause,omitempty"` // empty: of an older version; the code's first cause is meant
	Expected string `json:"expected,omitempty"`
	Received string `json:"received,omitempty"`
	Detail   string `json:"detail,omitempty"` // what is particular to this case, a sentence
}

func (r *Refusal) Error() string { return string(r.Code) }

// CheckState is how one check of a login went.
type CheckState string

// Results of a check.
const (
	CheckPassed  CheckState = "passed"
	CheckFailed  CheckState = "failed"
	CheckWarning CheckState = "warning" // passed, but somebody should look
	CheckSkipped CheckState = "skipped" // not applicable, the note says why
)

// Check is one thing looked at during a login, with its evidence.
type Check struct {
	ID       string     `json:"id"` // permanent, for example "destination"
	Title    string     `json:"title"`
	State    CheckState `json:"state"`
	Code     Code       `json:"code,omitempty"` // where failed
	Expected string     `json:"expected,omitempty"`
	Received string     `json:"received,omitempty"`
	Note     string     `json:"note,omitempty"`
	Alike    bool       `json:"alike,omitempty"` // expected and received are of one kind, and can be compared letter by letter
}

// WithRepetition is the checks of a login with the note that its answer came
// again at that time, in the browser that it signed in.
func WithRepetition(checks []Check, at time.Time) []Check {
	const id = "repeated"
	note := Check{ID: id, Title: "The same answer came again", State: CheckSkipped, Received: at.UTC().Format(time.RFC3339),
		Note: "The browser that it had signed in sent it once more: a double click, or the back button. It was led where the login went; nothing else happened."}
	if i := slices.IndexFunc(checks, func(c Check) bool { return c.ID == id }); i >= 0 {
		return slices.Concat(checks[:i], []Check{note}, checks[i+1:])
	}
	return append(slices.Clip(checks), note)
}

// Outcome is how an attempt ended.
type Outcome string

// Outcomes of an attempt. A test that passed counts as signed in, with Test set.
const (
	OutcomePending  Outcome = "pending"
	OutcomeSignedIn Outcome = "signed_in"
	OutcomeRefused  Outcome = "refused"
)

// NoAnswerAfter is how long an attempt may be out before it shows as no_answer.
const NoAnswerAfter = time.Minute

// ChangeKind is what became of a thing in a login.
type ChangeKind string

// What a login does. The spelling is stored with each login.
const (
	ChangeCreated      ChangeKind = "created" // the user
	ChangeUpdated      ChangeKind = "updated" // a field
	ChangeKept         ChangeKind = "kept"    // a field, although AWS sent something else
	ChangeLinked       ChangeKind = "linked"  // the user, to an AWS identity
	ChangeGroupAdded   ChangeKind = "group_added"
	ChangeGroupRemoved ChangeKind = "group_removed"
	ChangeGroupKept    ChangeKind = "group_kept"
	ChangeGroupClosed  ChangeKind = "group_closed" // not given: people come into it by hand only
)

// Change is one thing that a login did (or, in a test, would do), and why.
type Change struct {
	What ChangeKind `json:"what"`
	Name string     `json:"name"` // the field, the group, the username
	From string     `json:"from,omitempty"`
	To   string     `json:"to,omitempty"`
	Why  string     `json:"why"`
}

// Login is one attempt through the SAML endpoints, with its trace.
type Login struct {
	ID              string // short, random; shown to people as the reference
	Connection      string // slug as asked for; the connection may not exist
	RevisionID      int64  // 0: none was in force
	RevisionVersion int    // the revision's version when the attempt began
	Test            bool   // started by the wizard; signs nobody in and changes nothing
	Unsolicited     bool   // AWS started it (tile)
	Verified        bool   // AWS's signature on the answer was good; anybody can post one that has none
	StartedAt       time.Time
	FinishedAt      time.Time // zero: pending
	Outcome         Outcome
	Refusal         *Refusal // where refused
	Username        string
	UserID          string // empty: unknown
	NameID          string
	RequestID       string
	RemoteAddr      string
	UserAgent       string
	Checks          []Check
	Changes         []Change
	Person          *Person // what the verified response said; nil before verification
	XMLSealed       []byte  // the response as received, sealed; nil after its retention
}

// Code is the reason to show: that of the refusal, or no_answer for an attempt
// that has been out for longer than NoAnswerAfter; empty when signed in.
func (l Login) Code(now time.Time) Code {
	switch {
	case l.Refusal != nil:
		return l.Refusal.Code
	case l.Outcome == OutcomePending && now.Sub(l.StartedAt) > NoAnswerAfter:
		return CodeNoAnswer
	default:
		return ""
	}
}

// CertificateCheck is the check whose evidence is the certificate that verified a message.
const CertificateCheck = "certificate"

// VerifiedBy is the fingerprint of the certificate that verified the message;
// empty when none did.
func (l Login) VerifiedBy() string {
	for _, c := range l.Checks {
		if c.ID == CertificateCheck && c.State != CheckFailed {
			return c.Received
		}
	}
	return ""
}

// PendingRequest is an AuthnRequest that AWS has not answered yet.
type PendingRequest struct {
	LoginID         string
	ConnectionID    int64
	RevisionID      int64
	RevisionVersion int
	RequestID       string // ID of the AuthnRequest, InResponseTo of the answer
	BrowserHash     []byte // SHA-256 of the browser's cookie
	ReturnTo        string // path on this site, checked
	Test            bool
	CreatedAt       time.Time
	ExpiresAt       time.Time
}

// Known is what the database knows about the person of a login, read with locks.
type Known struct {
	Identity         *Identity      // matched by external id, else by NameID
	ByIdentity       *User          // the user behind Identity
	ByUsername       *User          // the user with that username, if any
	UsernameIdentity *Identity      // ByUsername's own identity at the same identity provider, if any
	UsernameElse     []Identity     // the other identities of ByUsername, on every connection
	Consent          *Consent       // to link ByUsername on this connection, not taken back and about this username
	Administers      bool           // ByUsername may use the console
	StableIDOf       string         // another user who is known by the person's stable id, on any connection
	BySource         *KnownBySource // whom a source of this connection knows by the person's stable id, where no identity is
	SourceIDOf       string         // another stable id by which a source of this connection knows ByUsername
	Rules            []Rule         // of this connection
	Memberships      []Membership
	// Memberships are those of the user that ByIdentity, else ByUsername names.
}

// KnownBySource is a user whom a source knows by a person's stable id.
type KnownBySource struct {
	User        User
	Source      string // slug
	Linked      bool   // the user has an identity on the connection
	Administers bool   // the user may use the console
}

// UserAction is what a decision does to the user.
type UserAction string

// What may happen to a user at login.
const (
	UserKept    UserAction = "kept"
	UserCreated UserAction = "created"
	UserUpdated UserAction = "updated"
)

// Decision is what a login does, decided by provision and applied by store.
type Decision struct {
	Refusal      *Refusal // set: nothing else happens
	Action       UserAction
	User         User       // as it shall be; ID empty when created
	LinkIdentity bool       // write Identity (new, or its external id learned)
	Identity     Identity   // as it shall be
	Consent      *Consent   // that it uses up
	Replaced     []Identity // that give way to Identity
	AddGroups    []GroupGrant
	RemoveGroups []string // names whose membership by this connection's rules goes
	Changes      []Change
	Check        Check // what the trace says about the decision itself; no ID: nothing
}

// GroupGrant is a group given by rules.
type GroupGrant struct {
	Group  string
	Origin string // names of the rules, comma-separated
}
