package awssim

// Fault is something that the simulated AWS does wrong, or differently, on
// request. Where a relying party has a refusal code of its own for it, the
// fault bears that code's name.
type Fault string

// Mode says how long a fault stays switched on.
type Mode string

// The modes of a fault.
const (
	Off  Mode = ""
	Once Mode = "once" // for the next sign-in only
	On   Mode = "on"   // until switched off
)

// Faults that a relying party has to refuse, and No access, where AWS itself does.
const (
	FaultMalformed          Fault = "malformed_response"
	FaultTooLarge           Fault = "too_large"
	FaultDTD                Fault = "dtd_forbidden"
	FaultStatus             Fault = "status_not_success"
	FaultNoAssertion        Fault = "no_assertion"
	FaultMultipleAssertions Fault = "multiple_assertions"
	FaultEncrypted          Fault = "encrypted_assertion"
	FaultUnsignedResponse   Fault = "unsigned_response"
	FaultUnsignedAssertion  Fault = "unsigned_assertion"
	FaultSignatureInvalid   Fault = "signature_invalid"
	FaultSignatureAlgorithm Fault = "signature_algorithm"
	FaultCertificateUnknown Fault = "certificate_unknown"
	FaultIssuer             Fault = "issuer_mismatch"
	FaultDestination        Fault = "destination_mismatch"
	FaultRecipient          Fault = "recipient_mismatch"
	FaultAudience           Fault = "audience_mismatch"
	FaultNotYetValid        Fault = "not_yet_valid"
	FaultExpired            Fault = "expired"
	FaultConfirmation       Fault = "confirmation_invalid"
	FaultInResponseTo       Fault = "in_response_to_unknown"
	FaultUnsolicited        Fault = "unsolicited_refused"
	FaultReplayed           Fault = "replayed"
	FaultAssertionReused    Fault = "assertion_reused"
	FaultSubjectMissing     Fault = "subject_missing"
	FaultAttributeMissing   Fault = "attribute_missing"
	FaultUsernameInvalid    Fault = "username_invalid"
	FaultNoAccess           Fault = "no_access"
)

// Variations that a relying party has to accept.
const (
	VariationInclusiveNamespaces Fault = "inclusive_namespaces"
	VariationNoEncNamespace      Fault = "no_enc_namespace"
	VariationDualStack           Fault = "dual_stack"
	VariationManyGroups          Fault = "many_groups"
	VariationAssignedGroups      Fault = "assigned_groups_only"
	VariationADGroups            Fault = "active_directory_groups"
	VariationLegacyDurations     Fault = "legacy_durations"
)

// FaultInfo describes a fault for pages and tests.
type FaultInfo struct {
	Fault    Fault
	Title    string
	Sentence string
	// Code is the refusal code that the fault provokes in a careful relying
	// party that demands both signatures, maps the attributes and refuses what
	// it did not ask for; empty where it has to accept the message.
	Code string
}

// Faults is the table of all faults, in the order of the page.
func Faults() []FaultInfo {
	return []FaultInfo{
		{FaultNoAccess, "No access", "AWS answers 403 No access, and nothing reaches the application.", "no_answer"},
		{FaultStatus, "Status is not Success", "The response says Responder, AuthnFailed, and holds no assertion.", "status_not_success"},
		{FaultNoAssertion, "No assertion", "The response says Success and holds no assertion.", "no_assertion"},
		{FaultMultipleAssertions, "Two assertions", "An unsigned assertion that names mallory stands before the signed one.", "multiple_assertions"},
		{FaultEncrypted, "Encrypted assertion", "An EncryptedAssertion element takes the assertion's place.", "encrypted_assertion"},
		{FaultMalformed, "Malformed XML", "The response breaks off in the middle.", "malformed_response"},
		{FaultTooLarge, "Too large", "The response is padded with groups to more than 512 KiB.", "too_large"},
		{FaultDTD, "Document type declaration", "A DOCTYPE with an entity stands before the response.", "dtd_forbidden"},
		{FaultUnsignedResponse, "Response not signed", "Only the assertion is signed.", "signature_missing"},
		{FaultUnsignedAssertion, "Assertion not signed", "Only the response is signed.", "signature_missing"},
		{FaultSignatureInvalid, "Changed after signing", "The name of the person becomes mallory after both signatures were made.", "signature_invalid"},
		{FaultSignatureAlgorithm, "Signed with SHA-1", "Both signatures use rsa-sha1.", "signature_algorithm"},
		{FaultCertificateUnknown, "Signed with another key", "The key and its certificate are not the ones in the metadata.", "certificate_unknown"},
		{FaultIssuer, "Wrong issuer", "Both issuers name another AWS application.", "issuer_mismatch"},
		{FaultDestination, "Wrong destination", "The response is addressed to another site.", "destination_mismatch"},
		{FaultRecipient, "Wrong recipient", "The assertion is addressed to another site.", "recipient_mismatch"},
		{FaultAudience, "Wrong audience", "The assertion is meant for another application.", "audience_mismatch"},
		{FaultNotYetValid, "Not yet valid", "The clock of AWS is 20 minutes fast.", "not_yet_valid"},
		{FaultExpired, "Expired", "The clock of AWS is 2 hours slow.", "expired"},
		{FaultConfirmation, "No bearer confirmation", "The subject is confirmed as holder-of-key.", "confirmation_invalid"},
		{FaultInResponseTo, "Answers an unknown request", "InResponseTo names a request that nobody sent.", "in_response_to_unknown"},
		{FaultUnsolicited, "Answers no request", "InResponseTo is left out, as if the person had clicked the tile.", "unsolicited_refused"},
		{FaultReplayed, "Same response again", "The previous response of this application is sent again, byte for byte. Sign in once before, and use the tile " +
			"in the access portal.", "replayed"},
		{FaultAssertionReused, "Same assertion ID again", "A fresh response bears the ID of the previous assertion. Sign in once before.", "replayed"},
		{FaultSubjectMissing, "No name", "The subject has no NameID.", "subject_missing"},
		{FaultAttributeMissing, "No attributes", "The attribute statement is empty, whatever is mapped.", "attribute_missing"},
		{FaultUsernameInvalid, "Unfit username", "The username has an invisible character (zero-width space) inside.", "username_invalid"},
		{VariationManyGroups, "As large as AWS allows", "The person is in so many groups that the response has almost 50,000 characters.", ""},
		{VariationAssignedGroups, "Only assigned groups", "${user:groups} yields the groups assigned to the application instead of all.", ""},
		{VariationADGroups, "Groups from Active Directory", "${user:groups} yields values such as corp.example.com//S-1-5-21-…-1732 instead of IDs.", ""},
		{VariationLegacyDurations, "Old meaning of Session duration", "The session duration also sets how long the assertion is valid, as AWS " +
			"documented it in 2023.", ""},
		{VariationInclusiveNamespaces, "InclusiveNamespaces", "The signatures canonicalize with PrefixList xsd.", ""},
		{VariationNoEncNamespace, "No xmlns:enc", "The response does not declare the prefix enc.", ""},
		{VariationDualStack, "Dual-stack sign-in URL", "The sign-in URL in the metadata differs from the issuer URL, as with IPv6.", ""},
	}
}

func faultInfo(f Fault) (FaultInfo, bool) {
	for _, i := range Faults() {
		if i.Fault == f {
			return i, true
		}
	}
	return FaultInfo{}, false
}
