package sso

import "github.com/postern-sso/postern/internal/model"

// reasonsOfShape: what arrived cannot be read as AWS's answer.
var reasonsOfShape = map[model.Code]Reason{
	model.CodeMalformedResponse: {Title: "The answer cannot be read",
		places: []target{at("Response", "Version"), at("Assertion", "Version"), at("", "IssueInstant"), exact("", "NotBefore"), exact("", "NotOnOrAfter"),
			exact("", "SessionNotOnOrAfter"), exact("", "AuthnInstant")},
		Causes: []Cause{
			{ID: model.CauseOtherShape, Who: whoAWS, Where: awsApplication,
				Happened: "The answer is a SAML response, but not in the shape that AWS gives it.",
				Fix: "Have people sign in through the application in AWS IAM Identity Center. Other identity providers (AD FS, Entra ID and more) write their " +
					"answers otherwise, and Postern takes AWS's only. If it really came from AWS, something on the way rewrites the XML."},
			{ID: model.CauseFormUnreadable, Who: whoPerson, Where: pageBrowser, Person: personOnce,
				Happened: "What arrived is not the form by which a browser hands over AWS's answer.",
				Fix: "Start again. If it happens to this person only, a proxy or a browser extension may change the page that AWS sends: try another browser. " +
					"If it happens to everybody, something in front of Postern changes or cuts the form."},
			{ID: model.CauseNotBase64, Who: whoPerson, Where: pageBrowser, Person: personOnce,
				Happened: "The form arrived, but the answer in it is not base64, as browsers send it.",
				Fix: "Start again. If it happens again, a proxy or a browser extension changes what the browser sends: try another browser. Of a pasted answer, a part " +
					"may be missing."},
			{ID: model.CauseDamaged, Who: whoPerson, Where: pageBrowser, Person: personOnce,
				Happened: "The answer breaks off, or was damaged on the way: it is not well-formed XML.",
				Fix: "Start again. If it happens again, a proxy or a browser extension may change or cut what AWS sends: try another browser. Of a pasted answer, " +
					"a part may be missing."},
			{ID: model.CauseOtherMessage, Who: whoAWS, Where: awsConfig,
				Happened: "What arrived is SAML, but not the answer to a sign-in.",
				Fix: "A sign-in ends with a Response. A request, a logout message or metadata belongs elsewhere: look at what sends it here, or paste the Response " +
					"in its place."},
			{ID: model.CauseNoMessage, Who: whoPostern, Where: pageInspect,
				Happened: "What arrived is not a SAML message at all.",
				Fix:      "Look at what sends it here. To have an answer judged, paste the XML that AWS shows, or its base64 form."},
			{ID: model.CauseOldSAML, Who: whoAWS, Where: awsApplication,
				Happened: "The answer is not of SAML 2.0 but of another version.",
				Fix:      "AWS IAM Identity Center only sends SAML 2.0. If this is another identity provider, set the application there to SAML 2.0."},
			{ID: model.CauseTooManyElements, Who: whoAWS, Where: awsMappings,
				Happened: "The answer has more parts than Postern reads.",
				Fix:      "If the person is in hundreds of groups, remove the row for ${user:groups} from the attribute mappings. AWS itself never sends so many parts."},
			{ID: model.CauseTimeUnreadable, Who: whoAWS, Where: awsApplication,
				Happened: "The answer lacks a statement or a time that every sign-in has, or has it in a form that cannot be read.",
				Fix: "AWS always sends it, and every time in UTC. If this is another identity provider, its answers cannot be used; if it is AWS, send the answer " +
					"to AWS's support."},
			{ID: model.CauseNotJudged, Who: whoPerson, Where: pageBrowser, Person: personMinute,
				Happened: "The answer was not looked at: too many others from the same network were refused in this minute.",
				Fix:      "Start again after a minute. Look in the list of logins what the others were refused for."},
		}},
	model.CodeTooLarge: {Title: "The answer is too large", places: notInMessage, Causes: []Cause{
		{ID: model.CauseTooLarge, Who: whoAWS, Where: awsMappings,
			Happened: "The answer is larger than anything that AWS sends.",
			Fix:      "If the person is in hundreds of groups, remove the row for ${user:groups} from the attribute mappings."}}},
	model.CodeDTDForbidden: {Title: "The answer has a document type declaration", places: []target{at("!DOCTYPE", "")}, Causes: []Cause{
		{ID: model.CauseDTD, Who: whoNobody, Where: pageLogins,
			Happened: "The answer has a document type declaration. AWS never sends one, and it is a means of attack.",
			Fix:      "Find out who sent it: the trace has the address. Do not try to make it work."}}},
	model.CodeNoAssertion: {Title: "The answer does not say who signed in", places: []target{at("Response", "")}, Causes: []Cause{
		{ID: model.CauseNoAssertion, Who: whoAWS, Where: awsMappings,
			Happened: "The answer claims success, but has no assertion: it does not say who signed in.",
			Fix:      "Save the attribute mappings in AWS again, then try once more."}}},
	model.CodeMultipleAssertions: {Title: "The answer names several people", places: []target{at("Assertion", "")}, Causes: []Cause{
		{ID: model.CauseAssertions, Who: whoNobody, Where: pageLogins,
			Happened: "The answer has more than one assertion. AWS sends exactly one; several are a means of attack.",
			Fix:      "Find out who sent it: the trace has the address."}}},
	model.CodeEncryptedAssertion: {Title: "The answer is encrypted", Causes: []Cause{
		{ID: model.CauseEncrypted, Who: whoAWS, Where: awsConfig,
			Happened: "A part of the answer is encrypted. AWS IAM Identity Center does not do that, and Postern has no key for it.",
			Fix:      "If this is another identity provider, switch assertion encryption off for Postern."}},
		places: []target{at("EncryptedAssertion", ""), at("EncryptedID", ""), at("EncryptedAttribute", "")}},
}

// reasonsOfStatus: AWS answers, and says that the sign-in failed. The status is
// what the answer says of itself: its signatures have not been looked at.
var reasonsOfStatus = map[model.Code]Reason{
	model.CodeStatusNotSuccess: {Title: "AWS says that the sign-in failed", places: []target{at("StatusCode", "Value"), at("StatusMessage", "")}, Causes: []Cause{
		{ID: model.CauseStatusOther, Who: whoAWS, Where: awsApplication, Claimed: true,
			Happened: "The answer has a status other than success, and one that tells no more.",
			Fix:      "Look at the status below, and at the application in AWS. Have the person note what AWS showed last."},
		{ID: model.CauseStatusRequester, Who: whoAWS, Where: awsConfig, Claimed: true,
			Happened: "The answer says that something about Postern's request is not as the application in AWS has it.",
			Fix: "Compare “Application ACS URL” and “Application SAML audience” in AWS with the values that Postern's setup shows, to the last character, and the " +
				"connection's NameID format with the Subject row."},
		{ID: model.CauseStatusResponder, Who: whoAWS, Where: awsMappings, Claimed: true, Person: personOnce,
			Happened: "The answer says that AWS could not finish the sign-in, and not why.",
			Fix:      "Start again. If it stays, look at the attribute mappings in AWS: each value that a row names must exist for this person."},
		{ID: model.CauseStatusNameID, Who: whoAWS, Where: awsMappings + " → Subject", Field: &fieldFormat, Claimed: true, Cure: CureStep, Step: stepAttributes,
			Happened: "The answer says that AWS cannot give the name in the format that Postern's request asks for (InvalidNameIDPolicy).",
			Fix: "Set the Format of the Subject row to the one that the connection asks for. Or set the connection's NameID format to “none”: then AWS takes " +
				"its own."},
		{ID: model.CauseStatusDenied, Who: whoAWS, Where: awsAssign, Claimed: true,
			Happened: "The answer says that the person may not use the application (RequestDenied).",
			Fix:      "Assign the person, or a group that they are in directly, to the application."},
		{ID: model.CauseStatusFailed, Who: whoPerson, Where: pageBrowser, Claimed: true, Person: personAgain,
			Happened: "The answer says that the person did not get through the sign-in (AuthnFailed): it was canceled, or the password or the second factor was wrong.",
			Fix:      "Start again. If the person cannot sign in to the AWS access portal either, the AWS administrator can reset password and second factor."},
		{ID: model.CauseStatusPerson, Who: whoAWS, Where: awsPerson, Claimed: true,
			Happened: "The answer says that the person is not known there (UnknownPrincipal).",
			Fix:      "Look whether the person is in IAM Identity Center, is enabled there, and is assigned to the application."},
		{ID: model.CauseStatusContext, Who: whoAWS, Where: awsApplication, Claimed: true,
			Happened: "The answer says that the person cannot be asked to sign in the way that was demanded (NoAuthnContext).",
			Fix:      "Postern demands no particular way. Look for what changes the request on its way, and at the identity provider behind AWS."},
		{ID: model.CauseStatusPassive, Who: whoPerson, Where: pageBrowser, Claimed: true, Person: personAgain,
			Happened: "The answer says that the person would have to type something, and may not be asked (NoPassive).",
			Fix:      "Sign in to the AWS access portal first, then start again from the app."},
		{ID: model.CauseStatusElsewhere, Who: whoAWS, Where: "AWS: IAM Identity Center → Settings → Identity source", Claimed: true,
			Happened: "The answer says that the identity provider behind AWS cannot be reached or used.",
			Fix:      "Look at the identity source of IAM Identity Center: whether people can sign in to the AWS access portal at all."},
		{ID: model.CauseStatusUnsupported, Who: whoAWS, Where: awsConfig, Claimed: true,
			Happened: "The answer says that the request, or the way in which it came, is not supported there.",
			Fix:      "Import the application's metadata again: its sign-in address may be of another kind. Postern sends the request by redirect."},
		{ID: model.CauseStatusVersion, Who: whoAWS, Where: awsApplication, Claimed: true,
			Happened: "The answer says that the request is of a version of SAML that is not spoken there.",
			Fix:      "Postern sends SAML 2.0 only. If this is another identity provider, set the application there to SAML 2.0."},
	}},
}

// reasonsOfSignature: nobody whom the connection trusts vouches for the answer.
var reasonsOfSignature = map[model.Code]Reason{
	model.CodeSignatureMissing: {Title: "A signature is missing", places: []target{at("Signature", ""), at("Response", ""), at("Assertion", "")}, Causes: []Cause{
		{ID: model.CauseResponseUnsigned, Who: whoAWS, Where: awsConfig,
			Happened: "The Response is not signed. AWS signs the Response and the Assertion.",
			Fix: "If this really is AWS, find out what between AWS and Postern changes the answer. Another identity provider must sign both, or the " +
				"connection must be set to “assertion”."},
		{ID: model.CauseAssertionUnsigned, Who: whoAWS, Where: awsConfig,
			Happened: "The Assertion is not signed. AWS signs the Response and the Assertion.",
			Fix: "If this really is AWS, find out what between AWS and Postern changes the answer. Another identity provider must sign the Assertion: " +
				"without that, no setting here lets its people in."},
	}},
	model.CodeSignatureInvalid: {Title: "The signature does not fit", places: []target{at("Signature", ""), at("Reference", "URI")}, Causes: []Cause{
		{ID: model.CauseChanged, Who: whoPostern, Where: pageInspect,
			Happened: "The answer names a certificate that is trusted here, and its signature does not fit: the answer was changed " +
				"after it was signed, or signed with " +
				"another key under that certificate's name.",
			Fix: "Have the person hold Shift while clicking the tile in the AWS access portal, and inspect the answer that AWS shows there. If that one is accepted, " +
				"something between AWS and Postern changes answers. If only one person is concerned, try another browser."},
		{ID: model.CauseReformatted, Who: whoPostern, Where: pageInspect,
			Happened: "The signature, or the digest in it, has blanks inside, which AWS never writes: the answer was laid out anew, or copied " +
				"from somewhere that wraps lines.",
			Fix: "Take the answer as it was sent, without formatting it. If it came through the browser, something between AWS and Postern formats XML."},
		{ID: model.CauseNoStoredKeyFits, Who: whoPostern, Where: pageCertificates, Cure: CureTrust,
			Happened: "The answer does not say with which certificate it is signed, and none of those that are trusted here fits.",
			Fix: "AWS always names its certificate. Import AWS's metadata again if its certificate was replaced; otherwise something on the way changes the " +
				"answer."},
		{ID: model.CauseSignsSomethingElse, Who: whoNobody, Where: pageLogins,
			Happened: "The signature is made for another part of the message than the one that it stands in. That is a means of attack.",
			Fix:      "Find out who sent it: the trace has the address."},
	}},
	model.CodeSignatureAlgorithm: {Title: "The signature is of a kind that is not accepted", places: placesOfAlgorithm, Causes: []Cause{
		{ID: model.CauseWeakAlgorithm, Who: whoAWS, Where: awsCertificate, Field: &fieldAlgorithm,
			Happened: "The answer is signed with an algorithm that is not safe any more.",
			Fix:      "In AWS: Generate new certificate with Algorithm SHA-256 and Key size 2048, then Actions → Set as active. Then bring the new certificate here."},
		{ID: model.CauseRSAPSS, Who: whoAWS, Where: awsCertificate,
			Happened: "The answer is signed with RSA-PSS. That is safe, but AWS does not use it, and Postern does not read it.",
			Fix:      "If this is another identity provider, choose RSA with SHA-256 (rsa-sha256) as its signature algorithm."},
		{ID: model.CauseOtherAlgorithm, Who: whoAWS, Where: awsCertificate,
			Happened: "The answer is signed with an algorithm that AWS does not use, and that Postern does not read.",
			Fix:      "If this is another identity provider, choose RSA with SHA-256 (rsa-sha256) as its signature algorithm."},
		{ID: model.CauseOtherTransform, Who: whoAWS, Where: awsApplication,
			Happened: "The signature is made over the XML in another form than AWS's: another canonicalization, or other transforms.",
			Fix: "If this is another identity provider, choose exclusive canonicalization there. If it is AWS, find out what between AWS and Postern signs " +
				"answers anew."},
		{ID: model.CauseWeakKey, Who: whoAWS, Where: awsCertificate, Field: &AWSField{screenCertificate, "Key size", "2048"},
			Happened: "The certificate's key is too short, or of another kind than RSA.",
			Fix:      "In AWS: Generate new certificate with Algorithm SHA-256 and Key size 2048, then Actions → Set as active. Then bring the new certificate here."},
	}},
	model.CodeCertificateUnknown: {Title: "The certificate is not the one we know", places: []target{at("X509Certificate", ""), exact("Issuer", "")},
		Causes: []Cause{
			{ID: model.CauseCertificateReplaced, Who: whoPostern, Where: pageCertificates, Cure: CureTrust,
				Happened: "The answer is signed with a certificate that this connection does not have. Usually AWS's certificate was replaced.",
				Fix: "Bring AWS's certificate or metadata from AWS itself, and compare the fingerprint that you see then with the received one below. Never take the " +
					"certificate out of the answer: anybody can send one that they signed themselves."},
			{ID: model.CauseOtherApplication, Who: whoAWS, Where: awsApplication, Alike: true, Claimed: true, Cure: CureOpen,
				Happened: "The answer comes from another application in AWS than the one that this connection knows.",
				Fix: "There may be an old tile, or two applications for the same purpose: have people use the right tile, and " +
					"delete the application that is not needed. If " +
					"this is the application that shall count, import its metadata here."},
			{ID: model.CauseCertificateUnreadable, Who: whoAWS, Where: awsApplication,
				Happened: "The certificate in the answer cannot be read.",
				Fix:      "AWS always sends one that can. If this is another identity provider, look at its signing certificate."},
			{ID: model.CauseNoCertificateStored, Who: whoPostern, Where: setupMetadata, Cure: CureStep, Step: stepMetadata,
				Happened: "The connection has no certificate to verify answers with.",
				Fix:      "Import AWS's metadata."},
		}},
}
