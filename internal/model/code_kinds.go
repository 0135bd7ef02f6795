package model

// codeKind is what a reason of refusal tells about sign-in as a whole.
type codeKind int

const (
	// codeForgeable: refused before AWS's signature was found good. Anybody can
	// post such an answer.
	codeForgeable codeKind = iota
	// codeShared: about the connection, AWS or this server, so that it meets
	// everybody alike.
	codeShared
	// codePersonal: about one person or one attempt.
	codePersonal
	// codeWanted: the refusal is what somebody asked for, and nothing to mend.
	codeWanted
	// codeAbsent: no answer came.
	codeAbsent
)

// codeKinds has every reason; the zero value trusts least.
var codeKinds = map[Code]codeKind{ //nolint:gochecknoglobals // a constant
	CodeMalformedResponse: codeForgeable, CodeTooLarge: codeForgeable, CodeDTDForbidden: codeForgeable, CodeStatusNotSuccess: codeForgeable,
	CodeNoAssertion: codeForgeable, CodeMultipleAssertions: codeForgeable, CodeEncryptedAssertion: codeForgeable,
	CodeSignatureMissing: codeForgeable, CodeSignatureInvalid: codeForgeable, CodeSignatureAlgorithm: codeForgeable,
	CodeCertificateUnknown: codeForgeable,

	CodeIssuerMismatch: codeShared, CodeDestinationMismatch: codeShared, CodeRecipientMismatch: codeShared, CodeAudienceMismatch: codeShared,
	CodeNotYetValid: codeShared, CodeConfirmationInvalid: codeShared, CodeSubjectMissing: codeShared, CodeUnsolicitedRefused: codeShared,
	CodeInternal: codeShared,

	CodeExpired: codePersonal, CodeInResponseToUnknown: codePersonal, CodeInResponseToOtherBrowser: codePersonal, CodeAttributeMissing: codePersonal,
	CodeUsernameInvalid: codePersonal, CodeEmailDomainRefused: codePersonal, CodeUsernameTaken: codePersonal, CodeUserUnknown: codePersonal,

	CodeReplayed: codeWanted, CodeUserDeactivated: codeWanted, CodeConnectionNotLive: codeWanted,

	CodeNoAnswer: codeAbsent,
}

// Forgeable tells whether anybody can cause the refusal by posting an answer:
// AWS's signature had not been found good when it was refused.
func (c Code) Forgeable() bool { return codeKinds[c] == codeForgeable }

// Shared tells whether the reason meets everybody alike.
func (c Code) Shared() bool { return codeKinds[c] == codeShared }

// Wanted tells whether the refusal is what somebody asked for.
func (c Code) Wanted() bool { return codeKinds[c] == codeWanted }

// CountsAsUsual tells whether refusals for this reason count among the usual
// ones: nobody else can cause them, and nobody asked for them.
func (c Code) CountsAsUsual() bool { return codeKinds[c] == codeShared || codeKinds[c] == codePersonal }

// CodeKinds is how many reasons have a kind; for tests.
func CodeKinds() int { return len(codeKinds) }
