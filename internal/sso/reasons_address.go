package sso

import "github.com/postern-sso/postern/internal/model"

// reasonsOfAddress: AWS vouches for the answer, and it is for somebody else, or
// not for now.
var reasonsOfAddress = map[model.Code]Reason{
	model.CodeIssuerMismatch: {Title: "The answer is from another AWS application", places: []target{at("Issuer", "")}, Causes: []Cause{
		{ID: model.CauseIssuer, Who: whoPostern, Where: setupMetadata, Alike: true, Cure: CureStep, Step: stepMetadata,
			Happened: "Each AWS application has an issuer of its own, and this is not the one in the metadata that was imported.",
			Fix:      "Import the metadata of the application that people use. If there are two applications in AWS, delete the one that you do not need."},
		{ID: model.CauseIssuersDiffer, Who: whoPostern, Where: setupMetadata, Alike: true,
			Happened: "The Response names another issuer than the metadata that was imported.",
			Fix:      "AWS writes the same issuer twice. Import the metadata of the application that people use, or find out what signs answers anew on the way."},
	}},
	model.CodeDestinationMismatch: {Title: "The answer was sent to another address", places: []target{at("Response", "Destination"), lacking("Response")},
		Causes: []Cause{
			{ID: model.CauseDestination, Who: whoAWS, Where: awsConfig + " → Application ACS URL", Field: &fieldACS, Alike: true,
				Happened: "AWS addressed its answer to something else than our assertion consumer service.",
				Fix:      "Copy the expected value below into “Application ACS URL”. It must agree to the last character, http or https and a slash at the end included."},
			{ID: model.CauseDestinationMissing, Who: whoAWS, Where: awsConfig + " → Application ACS URL", Field: &fieldACS,
				Happened: "The answer does not say to which address it was sent.",
				Fix:      "AWS always says it, from “Application ACS URL”: copy the expected value below into that field."},
			{ID: model.CauseACSElsewhere, Who: whoAWS, Where: awsConfig + " → Application ACS URL", Field: &fieldACS, Alike: true,
				Happened: "AWS sends its answers to an address of this site that takes none.",
				Fix:      "Copy the expected value below into “Application ACS URL”. It must agree to the last character, the slash at the end included."},
			{ID: model.CausePathChanged, Who: whoServer, Where: "The proxy in front of Postern", Alike: true,
				Happened: "The answer was made for the right address, and arrived at another one: something between the browser and Postern changes the path.",
				Fix:      "Look at the proxy's rules: it must hand on the path as the browser asks for it."},
			{ID: model.CauseACSAudienceExchanged, Who: whoAWS, Where: awsConfig + " → Application ACS URL", Field: &fieldACS, Alike: true,
				Happened: "AWS sends its answers to our entity ID: “Application ACS URL” and “Application SAML audience” are exchanged in AWS.",
				Fix:      "Copy the expected value below into “Application ACS URL”, and what stands there now into “Application SAML audience”."},
		}},
	model.CodeRecipientMismatch: {Title: "The answer was made for another address",
		places: []target{at("SubjectConfirmationData", "Recipient"), lacking("SubjectConfirmationData")}, Causes: []Cause{
			{ID: model.CauseRecipient, Who: whoAWS, Where: awsConfig + " → Application ACS URL", Field: &fieldACS, Alike: true,
				Happened: "The assertion is meant for something else than our assertion consumer service.",
				Fix:      "Copy the expected value below into “Application ACS URL”. It must agree to the last character."},
			{ID: model.CauseRecipientMissing, Who: whoAWS, Where: awsConfig + " → Application ACS URL", Field: &fieldACS,
				Happened: "The assertion does not say for which address it was made.",
				Fix:      "AWS always says it, from “Application ACS URL”: copy the expected value below into that field."},
		}},
	model.CodeAudienceMismatch: {Title: "The answer is for somebody else", places: []target{at("Audience", ""), lacking("Assertion")}, Causes: []Cause{
		{ID: model.CauseAudience, Who: whoAWS, Where: awsConfig + " → Application SAML audience", Field: &fieldAudience, Alike: true,
			Happened: "The audience is not our entity ID.",
			Fix:      "Copy the expected value below into “Application SAML audience”. It must agree to the last character."},
		{ID: model.CauseAudienceMissing, Who: whoAWS, Where: awsConfig + " → Application SAML audience", Field: &fieldAudience,
			Happened: "The answer does not say for whom it is.",
			Fix:      "AWS always says it, from “Application SAML audience”: copy the expected value below into that field."},
		{ID: model.CauseAudienceIsACS, Who: whoAWS, Where: awsConfig + " → Application SAML audience", Field: &fieldAudience, Alike: true,
			Happened: "The audience is our assertion consumer service: its address stands in “Application SAML audience” too.",
			Fix:      "Copy the expected value below into “Application SAML audience”. “Application ACS URL” is right."},
	}},
	model.CodeNotYetValid: {Title: "The answer is valid only later", places: []target{at("", "NotBefore"), at("", "IssueInstant")}, Causes: []Cause{
		{ID: model.CauseClockBehind, Who: whoServer, Where: "This server's clock",
			Happened: "By the clock here, the answer comes from the future.",
			Fix:      "Set this server's clock by NTP. The difference is shown below."}}},
	model.CodeExpired: {Title: "The answer is not valid any more", places: []target{at("", "NotOnOrAfter"), at("", "SessionNotOnOrAfter")}, Causes: []Cause{
		{ID: model.CauseAnswerOld, Who: whoPerson, Where: pageBrowser, Person: personAgain,
			Happened: "The answer has run out: it waited too long, or the clock here is wrong.",
			Fix:      "Sign in again. If it happens to everybody, set this server's clock by NTP."},
		{ID: model.CauseSessionOver, Who: whoPerson, Where: pageBrowser, Person: personAgain,
			Happened: "The person's session at AWS is over.",
			Fix:      "Sign in again. If it happens to everybody, set this server's clock by NTP."},
	}},
	model.CodeConfirmationInvalid: {Title: "The answer does not confirm the person",
		places: []target{at("SubjectConfirmation", ""), at("SubjectConfirmationData", "NotOnOrAfter"),
			at("Conditions", "NotOnOrAfter"), exact("SubjectConfirmation", "Method")}, Causes: []Cause{
			{ID: model.CauseNotBearer, Who: whoAWS, Where: awsApplication,
				Happened: "The answer has no confirmation of the kind “bearer”, which AWS always sends.",
				Fix:      "If this is another identity provider, it must confirm by bearer: whoever brings the answer is the person."},
			{ID: model.CauseConfirmationEmpty, Who: whoAWS, Where: awsApplication,
				Happened: "The answer does not say readably until when it may be used.",
				Fix:      "AWS always says it, in UTC. If this is another identity provider, it must give its answers an end."},
			{ID: model.CauseValidTooLong, Who: whoAWS, Where: awsConfig + " → Session duration",
				Happened: "The answer may be used for longer than a day. Postern must be able to remember it for as long.",
				Fix:      "AWS's answers are valid for an hour. Shorten the session duration of the application, or the validity at another identity provider."},
		}},
}

// reasonsOfRequest: the answer does not belong to what this browser is waiting for.
var reasonsOfRequest = map[model.Code]Reason{
	model.CodeInResponseToUnknown: {Title: "Nobody asked for this answer", places: placesOfRequest, Causes: []Cause{
		{ID: model.CauseRequestOver, Who: whoPerson, Where: pageBrowser, Person: personAgain,
			Happened: "The answer names a request that was answered before, has expired, or was never made here. That happens with " +
				"the back button, a bookmark of the AWS " +
				"page, or after an hour at AWS.",
			Fix: "Start again from the app or from Postern's sign-in link."},
		{ID: model.CauseRequestOther, Who: whoPerson, Where: pageBrowser, Alike: true, Person: personAgain,
			Happened: "The answer belongs to another request than the one that it came back with.",
			Fix:      "Start again in one window. If nobody had two sign-ins under way, somebody may have tried to pass an answer on."},
		{ID: model.CauseRequestEmpty, Who: whoNobody, Where: pageLogins,
			Happened: "The answer names an empty request, which AWS never does.",
			Fix:      "Find out who sent it: the trace has the address."},
		{ID: model.CauseRelayStateLost, Who: whoPerson, Where: pageBrowser, Person: personBrowser,
			Happened: "The answer came back without the RelayState that Postern had sent along, and this browser is not known as the one that asked.",
			Fix: "Start again, and finish in the same browser, with cookies allowed. If it happens to everybody, something between AWS and Postern drops the form's " +
				"field RelayState."},
		{ID: model.CauseAnsweredBefore, Who: whoPerson, Where: pageBrowser, Person: personAgain,
			Happened: "Another answer to the same request was faster by a moment. Usually the page was sent twice.",
			Fix:      "Nothing, where the person is signed in by the other one. Otherwise start again from the app."},
	}},
	model.CodeInResponseToOtherBrowser: {Title: "Another browser asked for this answer", places: placesOfRequest, Causes: []Cause{
		{ID: model.CauseOtherBrowser, Who: whoPerson, Where: pageBrowser, Person: personBrowser,
			Happened: "The login was started in one browser and ended in another, or the browser keeps no cookies. Somebody may also have tried to sign this " +
				"person in as somebody else.",
			Fix: "Start again, and finish in the same browser. Allow cookies for Postern's address."}}},
	model.CodeUnsolicitedRefused: {Title: "Starting from the AWS portal is not allowed", places: []target{at("Response", "")}, Causes: []Cause{
		{ID: model.CauseTileRefused, Who: whoPostern, Where: pageConnection, Person: personTile, Cure: CureOpen,
			Happened: "The person clicked the tile in the AWS access portal. This connection only allows logins that start here.",
			Fix:      "Allow logins from the AWS portal on the connection, or set “Application start URL” in AWS to Postern's sign-in link."}}},
	model.CodeReplayed: {Title: "The answer was used before", places: []target{at("Assertion", "ID")}, Causes: []Cause{
		{ID: model.CauseReplayed, Who: whoPerson, Where: pageBrowser, Person: personAgain,
			Happened: "The very same answer arrived a second time. Usually the page was reloaded, or the back button was used.",
			Fix:      "Start again from the app. If nobody did that, somebody may have copied the answer: the trace has the address."}}},
}
