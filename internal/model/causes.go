package model

// Cause is what led to a refusal: one code can have several, and each its own
// remedy. sso.CauseOf has the words. New ones may be added; a trace keeps the one
// that it was given.
type Cause string

// Causes of what cannot be read.
const (
	CauseFormUnreadable  Cause = "form_unreadable"
	CauseNotBase64       Cause = "not_base64"
	CauseDamaged         Cause = "damaged"
	CauseOtherMessage    Cause = "other_message" // of SAML, and not a response
	CauseNoMessage       Cause = "no_message"    // of SAML at all
	CauseOldSAML         Cause = "old_saml"
	CauseOtherShape      Cause = "other_shape"
	CauseTooManyElements Cause = "too_many_elements"
	CauseTimeUnreadable  Cause = "time_unreadable"
	CauseNotJudged       Cause = "not_judged"
	CauseTooLarge        Cause = "too_large"
	CauseDTD             Cause = "dtd"
	CauseNoAssertion     Cause = "no_assertion"
	CauseAssertions      Cause = "multiple_assertions"
	CauseEncrypted       Cause = "encrypted"
)

// Causes of a status other than success.
const (
	CauseStatusOther       Cause = "status_other"
	CauseStatusRequester   Cause = "status_requester"
	CauseStatusResponder   Cause = "status_responder"
	CauseStatusNameID      Cause = "status_name_id_policy"
	CauseStatusDenied      Cause = "status_denied"
	CauseStatusFailed      Cause = "status_authn_failed"
	CauseStatusPerson      Cause = "status_unknown_person"
	CauseStatusContext     Cause = "status_authn_context"
	CauseStatusPassive     Cause = "status_no_passive"
	CauseStatusElsewhere   Cause = "status_elsewhere"
	CauseStatusUnsupported Cause = "status_unsupported"
	CauseStatusVersion     Cause = "status_version"
)

// Causes of signatures and certificates.
const (
	CauseResponseUnsigned      Cause = "response_unsigned"
	CauseAssertionUnsigned     Cause = "assertion_unsigned"
	CauseChanged               Cause = "changed_after_signing"
	CauseReformatted           Cause = "signature_reformatted"
	CauseNoStoredKeyFits       Cause = "no_stored_key_fits"
	CauseSignsSomethingElse    Cause = "signs_something_else"
	CauseWeakAlgorithm         Cause = "weak_algorithm"
	CauseRSAPSS                Cause = "rsa_pss"
	CauseOtherAlgorithm        Cause = "other_algorithm"
	CauseOtherTransform        Cause = "other_transform"
	CauseWeakKey               Cause = "weak_key"
	CauseCertificateReplaced   Cause = "certificate_replaced"
	CauseOtherApplication      Cause = "other_application"
	CauseCertificateUnreadable Cause = "certificate_unreadable"
	CauseNoCertificateStored   Cause = "no_certificate_stored"
)

// Causes of an answer that is not for us, not for now, or not for this browser.
const (
	CauseIssuer               Cause = "issuer_mismatch"
	CauseIssuersDiffer        Cause = "issuers_differ"
	CauseDestination          Cause = "destination_mismatch"
	CauseDestinationMissing   Cause = "destination_missing"
	CauseACSElsewhere         Cause = "acs_elsewhere"
	CausePathChanged          Cause = "path_changed"
	CauseACSAudienceExchanged Cause = "acs_audience_exchanged"
	CauseRecipient            Cause = "recipient_mismatch"
	CauseRecipientMissing     Cause = "recipient_missing"
	CauseAudience             Cause = "audience_mismatch"
	CauseAudienceMissing      Cause = "audience_missing"
	CauseAudienceIsACS        Cause = "audience_is_acs"
	CauseClockBehind          Cause = "clock_behind"
	CauseAnswerOld            Cause = "answer_old"
	CauseSessionOver          Cause = "session_over"
	CauseNotBearer            Cause = "not_bearer"
	CauseConfirmationEmpty    Cause = "confirmation_incomplete"
	CauseValidTooLong         Cause = "valid_too_long"
	CauseRequestOver          Cause = "request_over"
	CauseRequestOther         Cause = "request_other"
	CauseRequestEmpty         Cause = "request_empty"
	CauseRelayStateLost       Cause = "relay_state_lost"
	CauseAnsweredBefore       Cause = "answered_before"
	CauseOtherBrowser         Cause = "other_browser"
	CauseTileRefused          Cause = "tile_refused"
	CauseReplayed             Cause = "replayed"
)

// Causes of CodeUsernameTaken.
const (
	CauseNotAllowed      Cause = "link_not_allowed"  // nobody has allowed to link the user
	CauseLinkedElsewhere Cause = "linked_elsewhere"  // the user is linked to another person in AWS on this connection
	CauseConsentEnded    Cause = "link_anew_ended"   // the time for linking anew is over
	CauseAdministers     Cause = "link_console_user" // the user administers the console: only an administrator links them
	CauseStableID        Cause = "link_stable_id"    // the stable id contradicts what is known from elsewhere
)

// Causes that lie in who signs in, and in what is known about them here.
const (
	CauseSubjectAbsent       Cause = "subject_absent"
	CauseSubjectEmpty        Cause = "subject_empty"
	CauseSubjectTooLong      Cause = "subject_too_long"
	CauseAttributeAbsent     Cause = "attribute_absent"
	CauseAttributeOfPerson   Cause = "attribute_absent_for_person"
	CauseAttributeMisspelled Cause = "attribute_misspelled"
	CauseAttributeEmpty      Cause = "attribute_empty"
	CauseAttributeNoValue    Cause = "attribute_without_value"
	CauseAttributeSeveral    Cause = "attribute_several_values"
	CauseAttributeTooLong    Cause = "attribute_too_long"
	CauseAttributeUnusable   Cause = "attribute_unusable"
	CauseAttributeLiteral    Cause = "attribute_literal"
	CauseAttributeShared     Cause = "attribute_of_two_people"
	CauseUsernameUnfit       Cause = "username_unfit"
	CauseUsernameEmpty       Cause = "username_empty"
	CauseUsernameTooLong     Cause = "username_too_long"
	CauseUsernameAmbiguous   Cause = "username_ambiguous"
	CauseUsernameLiteral     Cause = "username_literal"
	CauseSubjectShared       Cause = "subject_of_two_people"
	CauseDomain              Cause = "email_domain"
	CauseNoEmail             Cause = "no_email"
	CauseUserUnknown         Cause = "user_unknown"
	CauseUsersNotCreated     Cause = "users_not_created"
	CauseUserDeactivated     Cause = "user_deactivated"
	CauseConnectionUnknown   Cause = "connection_unknown"
	CauseConnectionDraft     Cause = "connection_not_finished"
	CauseConnectionSuspended Cause = "connection_suspended"
	CauseNoAnswer            Cause = "no_answer"
	CauseInternal            Cause = "internal"
	CauseMetadataUnusable    Cause = "metadata_unusable"
	CauseProvisioningUnset   Cause = "provisioning_unset"
)
