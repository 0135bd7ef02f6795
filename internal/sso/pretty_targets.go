package sso

import "github.com/postern-sso/postern/internal/model"

// target is a place in a message, by local names: an attribute of an element,
// or, without attribute, the element's name and its text. An empty element
// means any.
type target struct{ element, attribute string }

var (
	placesOfSubject   = []target{{"NameID", ""}, {"AttributeValue", ""}}
	placesOfRequest   = []target{{"Response", "InResponseTo"}, {"SubjectConfirmationData", "InResponseTo"}}
	placesOfAlgorithm = []target{{"SignatureMethod", "Algorithm"}, {"DigestMethod", "Algorithm"}}
)

// targets says what in a message each refusal is about. Codes that are not
// about the message have none.
var targets = map[model.Code][]target{
	model.CodeMalformedResponse:        {{"Response", "Version"}, {"Assertion", "Version"}, {"", "IssueInstant"}},
	model.CodeDTDForbidden:             {{"!DOCTYPE", ""}},
	model.CodeStatusNotSuccess:         {{"StatusCode", "Value"}, {"StatusMessage", ""}},
	model.CodeNoAssertion:              {{"Response", ""}},
	model.CodeMultipleAssertions:       {{"Assertion", ""}},
	model.CodeEncryptedAssertion:       {{"EncryptedAssertion", ""}, {"EncryptedID", ""}, {"EncryptedAttribute", ""}},
	model.CodeSignatureMissing:         {{"Signature", ""}, {"Response", ""}, {"Assertion", ""}},
	model.CodeSignatureInvalid:         {{"Signature", ""}, {"Reference", "URI"}},
	model.CodeSignatureAlgorithm:       placesOfAlgorithm,
	model.CodeCertificateUnknown:       {{"X509Certificate", ""}},
	model.CodeIssuerMismatch:           {{"Issuer", ""}},
	model.CodeDestinationMismatch:      {{"Response", "Destination"}},
	model.CodeRecipientMismatch:        {{"SubjectConfirmationData", "Recipient"}},
	model.CodeAudienceMismatch:         {{"Audience", ""}},
	model.CodeNotYetValid:              {{"", "NotBefore"}, {"", "IssueInstant"}},
	model.CodeExpired:                  {{"", "NotOnOrAfter"}, {"", "SessionNotOnOrAfter"}},
	model.CodeConfirmationInvalid:      {{"SubjectConfirmation", ""}, {"SubjectConfirmationData", "NotOnOrAfter"}, {"Conditions", "NotOnOrAfter"}},
	model.CodeInResponseToUnknown:      placesOfRequest,
	model.CodeInResponseToOtherBrowser: placesOfRequest,
	model.CodeUnsolicitedRefused:       {{"Response", ""}},
	model.CodeReplayed:                 {{"Assertion", "ID"}},
	model.CodeSubjectMissing:           {{"Subject", ""}, {"NameID", ""}},
	model.CodeAttributeMissing:         {{"AttributeStatement", ""}, {"Attribute", "Name"}},
	model.CodeUsernameInvalid:          placesOfSubject,
	model.CodeEmailDomainRefused:       placesOfSubject,
	model.CodeUsernameTaken:            placesOfSubject,
	model.CodeUserUnknown:              placesOfSubject,
	model.CodeUserDeactivated:          placesOfSubject,
}
