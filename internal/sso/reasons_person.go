package sso

import "github.com/postern-sso/postern/internal/model"

// reasonsOfSubject: AWS vouches for the answer, and it does not say what the
// connection needs to know of the person.
var reasonsOfSubject = map[model.Code]Reason{
	model.CodeSubjectMissing: {Title: "The answer has no usable subject", places: []target{at("Subject", ""), at("NameID", "")}, Causes: []Cause{
		{ID: model.CauseSubjectAbsent, Who: whoAWS, Where: awsMappings, Field: &fieldSubject,
			Happened: "The answer has no subject: AWS did not say who signed in.",
			Fix:      "Map “Subject” to ${user:subject} or ${user:email}. With ${user:email}, the person needs a primary email in IAM Identity Center."},
		{ID: model.CauseSubjectEmpty, Who: whoAWS, Where: awsPerson + " → Primary email",
			Happened: "The subject is there, but empty: what the Subject row maps to has no value for this person.",
			Fix:      "Give the person a value, for ${user:email} the primary email. Or map “Subject” to ${user:subject}, which everybody has."},
		{ID: model.CauseSubjectTooLong, Who: whoAWS, Where: awsMappings, Field: &fieldSubject,
			Happened: "The subject is longer than 256 characters, which no name in AWS is.",
			Fix:      "Map “Subject” to ${user:subject} or ${user:email}. AWS's usernames have 128 characters at most."},
	}},
	model.CodeAttributeMissing: {Title: "An attribute is missing or cannot be used",
		places: []target{at("AttributeStatement", ""), at("Attribute", "Name"), exact("AttributeValue", "")}, Causes: []Cause{
			{ID: model.CauseAttributeAbsent, Who: whoAWS, Where: awsMappings, Field: &fieldAttribute, Cure: CureStep, Step: stepAttributes,
				Happened: "AWS did not send an attribute that this connection uses.",
				Fix:      "Add the row named below in AWS, spelled exactly like that. Or stop using the attribute in the connection's attribute step."},
			{ID: model.CauseAttributeOfPerson, Who: whoAWS, Where: awsPerson,
				Happened: "AWS did not send an attribute for this person, and sends it for others: the person has no value for it in AWS.",
				Fix: "In IAM Identity Center → Users → the person: fill in what the attribute is made from, for email the primary email. The attribute mappings " +
					"are right."},
			{ID: model.CauseAttributeMisspelled, Who: whoAWS, Where: awsMappings, Field: &fieldAttribute, Alike: true, Cure: CureStep, Step: stepAttributes,
				Happened: "AWS did not send an attribute that this connection uses, but sends one that is spelled almost like it.",
				Fix:      "Spell the row in AWS exactly as expected, capital letters included. Or take the name that AWS sends in the connection's attribute step."},
			{ID: model.CauseAttributeEmpty, Who: whoAWS, Where: awsPerson,
				Happened: "The attribute was sent, but empty: the person has no value for it in AWS.",
				Fix:      "In IAM Identity Center → Users → the person: fill in what the attribute is made from, for email the primary email. The row is right."},
			{ID: model.CauseAttributeNoValue, Who: whoAWS, Where: awsPerson,
				Happened: "The attribute was sent, but empty: it has no value at all for this person.",
				Fix:      "In IAM Identity Center → Users → the person: fill in what the attribute is made from, for email the primary email. The row is right."},
			{ID: model.CauseAttributeSeveral, Who: whoAWS, Where: awsMappings, Cure: CureStep, Step: stepAttributes,
				Happened: "The attribute was sent with several values, and only one can be used.",
				Fix:      "Map the row in AWS to something that a person has once, or use another attribute in the connection's attribute step."},
			{ID: model.CauseAttributeTooLong, Who: whoAWS, Where: awsPerson,
				Happened: "The attribute was sent, but its value is too long.",
				Fix:      "Shorten the value in AWS, or use another attribute in the connection's attribute step. The limit is below."},
			{ID: model.CauseAttributeUnusable, Who: whoAWS, Where: awsPerson, Cure: CureStep, Step: stepAttributes,
				Happened: "The attribute was sent, but its value is not what it must be.",
				Fix:      "Correct the value in AWS, or use another attribute in the connection's attribute step."},
			{ID: model.CauseAttributeLiteral, Who: whoAWS, Where: awsMappings,
				Happened: "The attribute has the mapping's own text for its value: AWS took the row for plain text, and sends the same for everybody.",
				Fix:      "Type the row's value exactly as the setup shows it, ${user:email} for the email: with the dollar sign, the braces and no blank."},
			{ID: model.CauseAttributeShared, Who: whoAWS, Where: awsMappings, Field: &fieldAttribute, Cure: CureStep, Step: stepAttributes,
				Happened: "Two people brought the same value of the attribute by which they are told apart. They would be one user here.",
				Fix: "Map the row in AWS to what each person has alone, or use another attribute in the connection's attribute step. If it is one person whose email and " +
					"name were changed in AWS, let somebody else make the test."},
		}},
	model.CodeUsernameInvalid: {Title: "The username cannot be used", places: placesOfSubject, Causes: []Cause{
		{ID: model.CauseUsernameUnfit, Who: whoPostern, Where: setupAttributes, Cure: CureStep, Step: stepAttributes,
			Happened: "What AWS sent, after the transformation, has blanks, invisible characters or look-alike letters in it.",
			Fix:      "Take the username from another attribute, or change the transformation. The preview there shows what comes out."},
		{ID: model.CauseUsernameEmpty, Who: whoPostern, Where: setupAttributes, Cure: CureStep, Step: stepAttributes,
			Happened: "Nothing is left of what AWS sent after the transformation.",
			Fix:      "Change the transformation, or take the username from another attribute. The preview there shows what comes out."},
		{ID: model.CauseUsernameTooLong, Who: whoPostern, Where: setupAttributes, Cure: CureStep, Step: stepAttributes,
			Happened: "What AWS sent is, after the transformation, too long for a username.",
			Fix:      "Take the username from another attribute, or change the transformation. The preview there shows what comes out."},
		{ID: model.CauseUsernameAmbiguous, Who: whoAWS, Where: awsPerson,
			Happened: "What AWS sent has a character that cannot be told from another one, or cannot be seen. Two people could look the same.",
			Fix:      "Type the person's name in AWS again with plain letters, or take the username from another attribute."},
		{ID: model.CauseUsernameLiteral, Who: whoAWS, Where: awsMappings, Field: &fieldSubject,
			Happened: "AWS sent the mapping's own text for the name: it took the row for plain text, and sends the same for everybody.",
			Fix:      "Type the row's value exactly as the setup shows it, ${user:subject} for Subject: with the dollar sign, the braces and no blank."},
		{ID: model.CauseSubjectShared, Who: whoAWS, Where: awsMappings, Field: &fieldSubject,
			Happened: "Two people brought the same subject. They would be one user here.",
			Fix: "Map “Subject” to ${user:subject}, which each person has alone; what is typed without the dollar sign and the braces is the same for everybody. " +
				"If it is one person whose email and name were changed in AWS, let somebody else make the test."},
	}},
}

// reasonsOfUser: it is known who the person is, and they may not come in.
var reasonsOfUser = map[model.Code]Reason{
	model.CodeEmailDomainRefused: {Title: "The email domain is not allowed", places: placesOfSubject, Causes: []Cause{
		{ID: model.CauseDomain, Who: whoPostern, Where: setupUsers, Cure: CureDomain, Step: stepUsers,
			Happened: "New users are made only for certain email domains, and this is not one of them.",
			Fix:      "Add the domain to the allowed ones, if people from there shall sign in."},
		{ID: model.CauseNoEmail, Who: whoAWS, Where: awsPerson + " → Primary email",
			Happened: "New users are made only for certain email domains, and AWS sent no email for this person.",
			Fix: "Give the person a primary email in IAM Identity Center. If nobody's email comes, add the row “email” to the attribute mappings, or use it in the " +
				"connection's attribute step."},
	}},
	model.CodeUsernameTaken: {Title: "The username is in use already", places: placesOfSubject, Causes: []Cause{
		{ID: model.CauseNotAllowed, Who: whoPostern, Where: pageUsers, Cure: CureLink,
			Happened: "A user with this name exists here, and nobody has allowed to link it to this person in AWS.",
			Fix: "If it is the same person, link them. If not, one of the two needs another username. Whether users who exist are linked by themselves is set in the " +
				"connection's users step."},
		{ID: model.CauseLinkedElsewhere, Who: whoPostern, Where: pageUsers, Cure: CureLink,
			Happened: "A user with this name exists here, and is linked to another person in AWS.",
			Fix: "If it is the same person with a new account in AWS, link the new one. If they are two people, one of the two needs another username, in AWS or " +
				"here."},
		{ID: model.CauseConsentEnded, Who: whoPostern, Where: pageUsers, Cure: CureLink,
			Happened: "The user could be linked anew for a time, and the person came after its end.",
			Fix:      "Link the person now, or allow it once more on the user's page."},
		{ID: model.CauseAdministers, Who: whoPostern, Where: pageUsers, Cure: CureLink,
			Happened: "The user of this name may use the console, and such users are linked by an administrator's hand only.",
			Fix:      "If it is this very person, link them. Look closely: whoever is linked becomes an administrator here."},
		{ID: model.CauseStableID, Who: whoPostern, Where: pageUsers, Cure: CureLink,
			Happened: "Linking the user was allowed, but the stable id that AWS sent contradicts what is known of the user from another connection.",
			Fix:      "Find out whether it is the same person. If it is, link them by hand; if not, one of the two needs another username."},
	}},
	model.CodeUserUnknown: {Title: "Nobody here has this username", places: placesOfSubject, Causes: []Cause{
		{ID: model.CauseUserUnknown, Who: whoPostern, Where: pageUsers, Cure: CureAdd,
			Happened: "AWS let the person in, but only users whom an administrator has added may sign in through this connection.",
			Fix:      "Add the person as a user. The overview lists everybody who tried."},
		{ID: model.CauseUsersNotCreated, Who: whoPostern, Where: pageUsers, Cure: CureAdd,
			Happened: "AWS let the person in, but this connection is set to make no new users.",
			Fix:      "Add the person as a user, or let the connection make users in its users step."},
	}},
	model.CodeUserDeactivated: {Title: "The user is deactivated", places: placesOfSubject, Causes: []Cause{
		{ID: model.CauseUserDeactivated, Who: whoPostern, Where: pageUsers, Cure: CureActivate,
			Happened: "The user is deactivated here and may not sign in.",
			Fix:      "Activate the user again, if that was not meant."}}},
}

// reasonsOfUs: the connection is closed, AWS says nothing, or something failed
// here.
var reasonsOfUs = map[model.Code]Reason{
	model.CodeConnectionNotLive: {Title: "The connection is not open", places: notInMessage, Causes: []Cause{
		{ID: model.CauseConnectionUnknown, Who: whoPostern, Where: pageConnections,
			Happened: "There is no connection at the address that was used.",
			Fix:      "Give people the right address. If the connection was deleted or renamed, change the address in AWS and in the apps."},
		{ID: model.CauseConnectionDraft, Who: whoPostern, Where: pageConnection, Cure: CureOpen,
			Happened: "The connection is still being set up.",
			Fix:      "Finish the setup and go live."},
		{ID: model.CauseConnectionSuspended, Who: whoPostern, Where: pageConnection, Cure: CureOpen,
			Happened: "The connection is suspended: an administrator has closed it for the time being.",
			Fix:      "Resume the connection."},
	}},
	model.CodeNoAnswer: {Title: "AWS did not send anybody back", places: notInMessage, Causes: []Cause{
		{ID: model.CauseNoAnswer, Who: whoAWS, Where: awsApplication, Person: personNoAWS,
			Happened: "The person was sent to AWS, and nothing has come back. AWS shows its errors on its own pages and tells nobody else.",
			Fix:      "Ask what the person saw last, and go through the causes below. “No access” means one of the first four.",
			Possible: []Possibility{
				{"The person is not assigned to the application", awsAssign + ": the person, or a group they are in directly, must be listed. Nested groups do not count."},
				{"The Subject format differs from the requested one", "The connection's NameID format should be “none”. If it is not, " + awsMappings +
					" must show the same format in the Subject row."},
				{"The audience differs", awsConfig + " → Application SAML audience must be our entity ID, to the last character. AWS then says “Issuer of request does " +
					"not match our record”."},
				{"The person has no primary email", "If Subject is mapped to ${user:email}: IAM Identity Center → Users → the person → Primary email."},
				{"The ACS URL differs", awsConfig + " → Application ACS URL must be ours, to the last character."},
				{"The window was closed", "The person closed the window, or is still at the sign-in or the second factor."},
			}}}},
	model.CodeInternal: {Title: "Postern could not finish the login", places: notInMessage, Causes: []Cause{
		{ID: model.CauseInternal, Who: whoServer, Where: "Postern's log, and “console doctor”", Person: personMinute,
			Happened: "Something failed on our side, usually the database.",
			Fix:      "Run “console doctor”. The log has the reference."},
		{ID: model.CauseMetadataUnusable, Who: whoPostern, Where: setupMetadata, Cure: CureStep, Step: stepMetadata,
			Happened: "The connection has no metadata of AWS that can be used.",
			Fix:      "Import AWS's metadata again."},
		{ID: model.CauseProvisioningUnset, Who: whoPostern, Where: "Postern: the connection → Edit → Who may be a user?", Cure: CureStep, Step: stepProvisioning,
			Happened: "The connection does not say how users are made.",
			Fix:      "Choose how users are made in the setup, and go live."},
	}},
}
