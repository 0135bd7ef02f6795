package sso

import "github.com/postern-sso/postern/internal/model"

// Reason has the words for a refusal: what happened, and who mends it where.
type Reason struct {
	Code     model.Code
	Title    string
	Happened string
	Fix      string
	Who      string
	Where    string
	Causes   []Cause   // likely ones first, where Postern cannot know
	Field    *AWSField // the one field of the AWS console that mends it, where there is one

	places []target // what in the message it is about
}

// AWSField is a field of the AWS console, in AWS's words.
type AWSField struct {
	Screen []string // how to get there
	Label  string
	Right  string // what it has to hold, where that is always the same; empty: what was expected
}

// The screens of an application in the AWS console.
var (
	screenConfiguration = []string{"Applications", "Your application", "Edit configuration"}
	screenMappings      = []string{"Applications", "Your application", "Edit attribute mappings"}
	screenCertificate   = []string{"Applications", "Your application", "Edit configuration", "Manage certificate"}

	fieldACS       = AWSField{screenConfiguration, "Application ACS URL", ""}
	fieldAudience  = AWSField{screenConfiguration, "Application SAML audience", ""}
	fieldSubject   = AWSField{screenMappings, "Subject: maps to this string value or user attribute", "${user:subject}"}
	fieldAttribute = AWSField{screenMappings, "User attribute in the application", ""}
	fieldAlgorithm = AWSField{screenCertificate, "Algorithm", "SHA-256"}
)

// Cause is one possible cause and how to check it.
type Cause struct{ Title, Check string }

// Who can mend something.
const (
	whoAWS     = "AWS administrator"
	whoPostern = "Postern administrator"
	whoPerson  = "The person signing in"
	whoServer  = "Whoever runs this server"
)

// Where in AWS: the labels of its console, in its order.
const (
	awsApplication = "AWS: Applications → Customer managed → your application"
	awsConfig      = awsApplication + " → Actions → Edit configuration"
	awsMappings    = awsApplication + " → Actions → Edit attribute mappings"
	awsAssign      = awsApplication + " → Assigned users and groups"
	awsCertificate = awsConfig + " → IAM Identity Center metadata → Manage certificate"
	setupMetadata  = "Postern: the connection → Edit → Metadata from AWS"
)

// Explain returns the words for a code. An unknown code gets those of
// internal.
func Explain(c model.Code) Reason {
	if r, ok := reasons[c]; ok {
		r.Code = c
		return r
	}
	return reasons[model.CodeInternal]
}

var reasons = map[model.Code]Reason{
	model.CodeMalformedResponse: {Title: "The answer cannot be read", Who: whoPostern, Where: "Postern: Logins → Inspect",
		places: []target{at("Response", "Version"), at("Assertion", "Version"), at("", "IssueInstant"), exact("", "NotBefore"), exact("", "NotOnOrAfter"),
			exact("", "SessionNotOnOrAfter"), exact("", "AuthnInstant")},
		Happened: "What arrived is not a SAML response as AWS sends it, or was damaged on the way.",
		Fix:      "Try once more. If it happens again, a proxy or a browser extension may change the page that AWS sends: try another browser."},
	model.CodeTooLarge: {Title: "The answer is too large", Who: whoAWS, Where: awsMappings,
		places:   notInMessage,
		Happened: "The answer is larger than anything AWS sends.",
		Fix:      "If the person is in hundreds of groups, remove the row for ${user:groups} from the attribute mappings."},
	model.CodeDTDForbidden: {Title: "The answer has a document type declaration", Who: whoPostern, Where: "Postern: Logins",
		places:   []target{at("!DOCTYPE", "")},
		Happened: "AWS never sends one. It is a means of attack.",
		Fix:      "Find out who sent it: the trace has the address. Do not try to make it work."},
	model.CodeStatusNotSuccess: {Title: "AWS says that the sign-in failed", Who: whoAWS, Where: awsApplication,
		places:   []target{at("StatusCode", "Value"), at("StatusMessage", "")},
		Happened: "The answer carries a status other than success.",
		Fix:      "Look at the status below. Most often the person canceled, or may not use the application."},
	model.CodeNoAssertion: {Title: "The answer does not say who signed in", Who: whoAWS, Where: awsMappings,
		places:   []target{at("Response", "")},
		Happened: "It claims success, but has no assertion.",
		Fix:      "Save the attribute mappings in AWS again, then try once more."},
	model.CodeMultipleAssertions: {Title: "The answer names several people", Who: whoPostern, Where: "Postern: Logins",
		places:   []target{at("Assertion", "")},
		Happened: "It has more than one assertion. AWS sends exactly one; several are a means of attack.",
		Fix:      "Find out who sent it: the trace has the address."},
	model.CodeEncryptedAssertion: {Title: "The answer is encrypted", Who: whoAWS, Where: awsConfig,
		places:   []target{at("EncryptedAssertion", ""), at("EncryptedID", ""), at("EncryptedAttribute", "")},
		Happened: "A part of it is encrypted. AWS IAM Identity Center does not do that, and Postern has no key for it.",
		Fix:      "If this is another identity provider, switch assertion encryption off for Postern."},
	model.CodeSignatureMissing: {Title: "A signature is missing", Who: whoAWS, Where: awsConfig,
		places:   []target{at("Signature", ""), at("Response", ""), at("Assertion", "")},
		Happened: "AWS signs the Response and the Assertion. One of the two signatures is not there.",
		Fix: "If this really is AWS, make sure that nothing between AWS and Postern changes the answer. Another identity provider must sign both, or the " +
			"connection must be set to “assertion”."},
	model.CodeSignatureInvalid: {Title: "The signature does not fit", Who: whoPostern, Where: setupMetadata,
		places:   []target{at("Signature", ""), at("Reference", "URI")},
		Happened: "The answer was changed after it was signed, or signed with another key.",
		Fix: "Import AWS's metadata again, and compare the fingerprint of the certificate with the one that AWS shows. If they agree, something on the " +
			"way changes the answer."},
	model.CodeSignatureAlgorithm: {Title: "The signature is too weak", Who: whoAWS, Field: &fieldAlgorithm, Where: awsCertificate,
		places:   placesOfAlgorithm,
		Happened: "The answer is signed with an algorithm or a key that is not safe any more.",
		Fix:      "In AWS: Generate new certificate with Algorithm SHA-256 and Key size 2048, then Actions → Set as active. Then import the metadata here again."},
	model.CodeCertificateUnknown: {Title: "The certificate is not the one we know", Who: whoPostern, Where: setupMetadata,
		places:   []target{at("X509Certificate", "")},
		Happened: "The answer is signed with a certificate that this connection does not have. Usually AWS's certificate was replaced.",
		Fix: "Import AWS's metadata again. Compare the fingerprint that you see then with the received one below. Never copy the certificate out " +
			"of the answer itself."},
	model.CodeIssuerMismatch: {Title: "The answer is from another AWS application", Who: whoPostern, Where: setupMetadata,
		places:   []target{at("Issuer", "")},
		Happened: "Each AWS application has an issuer of its own, and this is not the one in the metadata that was imported.",
		Fix:      "Import the metadata of the application that people use. If there are two applications in AWS, delete the one that you do not need."},
	model.CodeDestinationMismatch: {Title: "The answer was sent to another address", Who: whoAWS, Field: &fieldACS, Where: awsConfig + " → Application ACS URL",
		places:   []target{at("Response", "Destination"), lacking("Response")},
		Happened: "AWS addressed its answer to something else than our assertion consumer service.",
		Fix:      "Copy the expected value below into “Application ACS URL”. It must agree to the last character, http or https and the slash at the end included."},
	model.CodeRecipientMismatch: {Title: "The answer was made for another address", Who: whoAWS, Field: &fieldACS, Where: awsConfig + " → Application ACS URL",
		places:   []target{at("SubjectConfirmationData", "Recipient"), lacking("SubjectConfirmationData")},
		Happened: "The assertion is meant for something else than our assertion consumer service.",
		Fix:      "Copy the expected value below into “Application ACS URL”. It must agree to the last character."},
	model.CodeAudienceMismatch: {Title: "The answer is for somebody else", Who: whoAWS, Field: &fieldAudience, Where: awsConfig + " → Application SAML audience",
		places:   []target{at("Audience", ""), lacking("Assertion")},
		Happened: "The audience is not our entity ID.",
		Fix:      "Copy the expected value below into “Application SAML audience”. It must agree to the last character."},
	model.CodeNotYetValid: {Title: "The answer is valid only later", Who: whoServer, Where: "This server's clock",
		places:   []target{at("", "NotBefore"), at("", "IssueInstant")},
		Happened: "By the clock here, the answer comes from the future.",
		Fix:      "Set this server's clock by NTP. The difference is shown below."},
	model.CodeExpired: {Title: "The answer is not valid any more", Who: whoPerson, Where: "The browser",
		places:   []target{at("", "NotOnOrAfter"), at("", "SessionNotOnOrAfter")},
		Happened: "The answer, or the session at AWS, has run out. Either it waited too long, or the clock here is wrong.",
		Fix:      "Sign in again. If it happens to everybody, set this server's clock by NTP."},
	model.CodeConfirmationInvalid: {Title: "The answer does not confirm the person", Who: whoAWS, Where: awsConfig,
		places: []target{at("SubjectConfirmation", ""), at("SubjectConfirmationData", "NotOnOrAfter"),
			at("Conditions", "NotOnOrAfter"), exact("SubjectConfirmation", "Method")},
		Happened: "A part that says how and until when the answer may be used is missing or not as it must be.",
		Fix:      "AWS always sends it. If this is another identity provider, it must use the bearer confirmation with an end time."},
	model.CodeInResponseToUnknown: {Title: "Nobody asked for this answer", Who: whoPerson, Where: "The browser",
		places: placesOfRequest,
		Happened: "It answers a request that was answered before, has expired, or was never made. That happens with the back button, a bookmark of the AWS page, " +
			"or after an hour at AWS.",
		Fix: "Start again from the app or from Postern's sign-in link."},
	model.CodeInResponseToOtherBrowser: {Title: "Another browser asked for this answer", Who: whoPerson, Where: "The browser",
		places: placesOfRequest,
		Happened: "The login was started in one browser and ended in another, or the browser keeps no cookies. Somebody may also have tried to sign this " +
			"person in as somebody else.",
		Fix: "Start again, and finish in the same browser. Allow cookies for Postern's address."},
	model.CodeUnsolicitedRefused: {Title: "Starting from the AWS portal is not allowed", Who: whoPostern, Where: "Postern: the connection",
		places:   []target{at("Response", "")},
		Happened: "The person clicked the tile in the AWS access portal. This connection only allows logins that start here.",
		Fix:      "Allow logins from the AWS portal on the connection, or set “Application start URL” in AWS to Postern's sign-in link."},
	model.CodeReplayed: {Title: "The answer was used before", Who: whoPerson, Where: "The browser",
		places:   []target{at("Assertion", "ID")},
		Happened: "The very same answer arrived a second time. Usually the page was reloaded, or the back button was used.",
		Fix:      "Start again from the app. If nobody did that, somebody may have copied the answer: the trace has the address."},
	model.CodeSubjectMissing: {Title: "The answer has no subject", Who: whoAWS, Field: &fieldSubject, Where: awsMappings,
		places:   []target{at("Subject", ""), at("NameID", "")},
		Happened: "AWS did not say who signed in: the Subject row has no value for this person.",
		Fix:      "Map “Subject” to ${user:subject} or ${user:email}. With ${user:email}, the person needs a primary email in IAM Identity Center."},
	model.CodeAttributeMissing: {Title: "An attribute is missing", Who: whoAWS, Field: &fieldAttribute, Where: awsMappings,
		places:   []target{at("AttributeStatement", ""), at("Attribute", "Name"), exact("AttributeValue", "")},
		Happened: "The connection uses an attribute that AWS did not send, or sent in a form that cannot be used.",
		Fix:      "Add the row named below, spelled exactly like that. Or stop using the attribute in the connection's attribute step."},
	model.CodeUsernameInvalid: {Title: "The username cannot be used", Who: whoPostern, Where: "Postern: the connection → Edit → Attributes",
		places:   placesOfSubject,
		Happened: "What AWS sent, after the transformation, is not a username: it is empty, too long, or has blanks or invisible characters.",
		Fix:      "Take the username from another attribute, or change the transformation. The preview there shows what comes out."},
	model.CodeEmailDomainRefused: {Title: "The email domain is not allowed", Who: whoPostern, Where: "Postern: the connection → Edit → Users",
		places:   placesOfSubject,
		Happened: "New users are made only for certain email domains, and this is not one of them.",
		Fix:      "Add the domain to the allowed ones, if people from there shall sign in."},
	model.CodeUsernameTaken: {Title: "The username belongs to somebody else", Who: whoPostern, Where: "Postern: Users",
		places:   placesOfSubject,
		Happened: "A user with this name exists, and is not linked to this AWS identity.",
		Fix: "If it is the same person, allow linking on the connection, or remove the old link on the user's page. If not, one of the two " +
			"needs another username."},
	model.CodeUserUnknown: {Title: "Nobody here has this username", Who: whoPostern, Where: "Postern: Users",
		places:   placesOfSubject,
		Happened: "AWS let the person in, but only users who exist here may sign in.",
		Fix:      "Add the person as a user. The overview lists everybody who tried."},
	model.CodeUserDeactivated: {Title: "The user is deactivated", Who: whoPostern, Where: "Postern: Users",
		places:   placesOfSubject,
		Happened: "The person was deactivated here and may not sign in.",
		Fix:      "Activate the user again, if that was not meant."},
	model.CodeConnectionNotLive: {Title: "The connection is not open", Who: whoPostern, Where: "Postern: Connections",
		places:   notInMessage,
		Happened: "There is no such connection, or it is still being set up, or it was suspended.",
		Fix:      "Finish the setup and go live, or resume the connection. If people use an old address, give them the new one."},
	model.CodeNoAnswer: {Title: "AWS did not send anybody back", Who: whoAWS, Where: awsApplication,
		places:   notInMessage,
		Happened: "The person was sent to AWS, and nothing has come back. AWS shows its errors on its own pages and tells nobody else.",
		Fix:      "Ask what the person saw last, and go through the causes below. “No access” means one of the first four.",
		Causes: []Cause{
			{"The person is not assigned to the application", awsAssign + ": the person, or a group they are in directly, must be listed. Nested groups do not count."},
			{"The Subject format differs from the requested one", "The connection's NameID format should be “none”. If it is not, " + awsMappings +
				" must show the same format in the Subject row."},
			{"The audience differs", awsConfig + " → Application SAML audience must be our entity ID, to the last character. AWS then says “Issuer of request does " +
				"not match our record”."},
			{"The person has no primary email", "If Subject is mapped to ${user:email}: IAM Identity Center → Users → the person → Primary email."},
			{"The ACS URL differs", awsConfig + " → Application ACS URL must be ours, to the last character."},
			{"The window was closed", "The person closed the window, or is still at the sign-in or the second factor."},
		}},
	model.CodeInternal: {Code: model.CodeInternal, Title: "Postern could not finish the login", Who: whoServer, Where: "Postern's log, and “console doctor”",
		places:   notInMessage,
		Happened: "Something failed on our side, usually the database.",
		Fix:      "Run “console doctor”. The log has the reference."},
}

// checkTitles names every check for people.
var checkTitles = map[string]string{
	"form":                  "The form can be read",
	"place":                 "The answer came to the right address",
	"size":                  "The answer is not too large",
	"xml_shape":             "The answer has the shape of a SAML response",
	"status":                "AWS says that the sign-in succeeded",
	"signature_algorithm":   "The signatures use safe algorithms",
	"signature_response":    "The Response is signed by AWS",
	"signature_assertion":   "The Assertion is signed by AWS",
	"certificate":           "The certificate is known",
	"issuer":                "The answer is from the right AWS application",
	"destination":           "The answer was sent to us",
	"recipient":             "The answer was made for us",
	"audience":              "We are the audience",
	"clock":                 "AWS's clock and ours agree",
	"not_before":            "The answer is valid already",
	"not_on_or_after":       "The answer is still valid",
	"confirmation":          "The answer confirms the person",
	"in_response_to":        "The answer belongs to our request",
	"browser":               "The same browser asked",
	"session":               "The session at AWS is not over",
	"replay":                "The answer was not used before",
	"subject":               "The answer says who signed in",
	"attribute_username":    "The source of the username was sent",
	"attribute_email":       "The email was sent",
	"attribute_first_name":  "The first name was sent",
	"attribute_last_name":   "The last name was sent",
	"attribute_external_id": "The stable id was sent",
	"attribute_aws_groups":  "The AWS groups were sent",
	"username":              "The username can be used",
	"user":                  "The person may sign in here",
}

// CheckTitle is the name of a check for people; an unknown id is its own name.
func CheckTitle(id string) string {
	if t, ok := checkTitles[id]; ok {
		return t
	}
	return id
}
