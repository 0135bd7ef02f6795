package wizard

import (
	"github.com/postern-sso/postern/internal/model"
)

// The steps of the setup, by the names in addresses and stored drafts.
const (
	StepWelcome        StepID = "welcome"
	StepProvisioning   StepID = "provisioning"
	StepAWSApplication StepID = "aws-application"
	StepMetadata       StepID = "metadata"
	StepAttributes     StepID = "attributes"
	StepDirectory      StepID = "directory"
	StepUsers          StepID = "users"
	StepGroups         StepID = "groups"
	StepAssign         StepID = "assign"
	StepTest           StepID = "test"
	StepApps           StepID = "apps"
	StepGoLive         StepID = "go-live"
)

// Names of the fields, as they are in forms, in answers and in problems.
const (
	FieldName      = "name"       // welcome: what people call the connection
	FieldPublicURL = "public_url" // welcome
	FieldApps      = "apps"       // welcome: checkboxes

	FieldProvisioning = "provisioning" // provisioning: radio jit | manual | directory

	FieldCreated = "created" // aws-application: tick

	FieldMetadata     = "metadata"      // metadata: the XML, pasted or from the uploaded file
	FieldMetadataFile = "metadata_file" // metadata: the upload; its text arrives in metadata
	FieldMetadataURL  = "metadata_url"  // metadata: where it was or is to be fetched
	FieldFetched      = "fetched"       // metadata: what was fetched from metadata_url; never in the form
	FieldOther        = "not_aws"       // metadata: tick: take it although it is not AWS's

	FieldUsername    = "username"     // attributes: names of AWS attributes
	FieldEmail       = "email"        //
	FieldFirstName   = "first_name"   //
	FieldLastName    = "last_name"    //
	FieldExternalID  = "external_id"  //
	FieldAWSGroups   = "aws_groups"   //
	FieldLowercase   = "lowercase"    // attributes: what becomes of the username
	FieldStripDomain = "strip_domain" //
	FieldPattern     = "pattern"      //
	FieldReplace     = "replace"      //

	FieldDirectory = "directory" // directory: radio, a source's slug behind sourceAnswer, or DirectoryInApps

	FieldCreate         = "create"                // users (just-in-time)
	FieldUpdate         = "update"                //
	FieldExisting       = "existing_username"     //
	FieldAllowedDomains = "allowed_email_domains" // one a line
	FieldUsersThere     = "users_there"           // users (manual): tick

	FieldReviewed = "reviewed" // groups: tick
	FieldAssigned = "assigned" // assign: tick

	FieldConnected = "connected" // apps: tick
)

// Values of the provisioning radio.
const (
	ModelJIT       = "jit"
	ModelManual    = "manual"
	ModelDirectory = "directory" // users come from a source, or from the apps' own directory; the login follows the manual model
)

// Values of the directory radio.
const (
	DirectoryInApps = "apps"    // the apps read the directory themselves; people come here by hand or from a file
	sourceAnswer    = "source:" // and the slug of the source
)

// Setup is the setup of a connection. To add a step, add its id above and a row
// here; setup.Plain can show any step that needs no page of its own.
func Setup() (*Flow, error) {
	return NewFlow(
		Step{
			ID: StepWelcome, Phase: "Prepare", Title: "Welcome",
			Lead:   "Name this connection and say where people reach Postern.",
			Fields: welcomeFields(), Apply: applyWelcome,
			Done: func(fc Facts) bool {
				return fc.Draft.ticked(StepWelcome) && fc.Draft.Config.Name != "" && fc.PublicURL != ""
			},
		},
		Step{
			ID: StepProvisioning, Title: "Who may be a user?",
			Lead:   "You can change this later. Users who exist stay.",
			Fields: provisioningFields(), Apply: applyProvisioning,
			Done: func(fc Facts) bool { return fc.Draft.Config.Provisioning != "" },
		},
		beginning("AWS", tickStep(StepAWSApplication, FieldCreated, "The application in AWS",
			"Create a custom SAML 2.0 application in AWS IAM Identity Center with the values below.",
			"I have created the application in AWS and typed these values",
			"Create the application in AWS first, then tick this box.")),
		Step{
			ID: StepMetadata, Title: "Metadata from AWS",
			Lead:   "AWS says which AWS it is in a small file, its metadata. Its address or the file is enough.",
			Fields: metadataFields(), Apply: applyMetadata,
			Done: func(fc Facts) bool { return fc.Draft.Config.IdPMetadata != "" },
		},
		Step{
			ID: StepAttributes, Title: "Attributes",
			Lead:   "Type this table into AWS, so that AWS says who has signed in.",
			Fields: attributesFields(), Apply: applyAttributes,
			Done: func(fc Facts) bool {
				return fc.Draft.ticked(StepAttributes) && fc.Draft.Config.Attributes.Username != ""
			},
		},
		beginning("People", directoryStep()),
		Step{
			ID: StepUsers, Phase: "People", Title: "Users",
			Lead:   "Say who may become a user here, or add the users by hand.",
			Fields: usersFields(), Apply: applyUsers, Done: usersDone,
		},
		tickStep(StepGroups, FieldReviewed, "Groups",
			"Make the groups that your Atlassian apps expect, and say who gets them.",
			"I have looked at the groups and rules",
			"Look at the groups and rules, then tick this box. Groups may also be added later."),
		tickStep(StepAssign, FieldAssigned, "Assign people in AWS",
			"AWS lets in only people who are assigned to the application.",
			"I have assigned the people or groups in AWS",
			"Assign people or groups in AWS first, then tick this box."),
		Step{
			ID: StepTest, Title: "Test",
			Lead: "Sign in once for real. Nothing is created and nobody else can sign in yet.",
			Done: func(fc Facts) bool { return fc.Tested },
		},
		beginning("Apps", appsStep()),
		Step{
			ID: StepGoLive, Phase: "Go live", Title: "Go live",
			Lead: "Look at everything once more, then let people in.",
			Done: func(fc Facts) bool { return fc.Live && !fc.Editing },
		},
	)
}

// beginning is a step with which a phase begins.
func beginning(phase string, s Step) Step {
	s.Phase = phase
	return s
}

// appsStep hands over to the apps. Whoever edits a connection that people use
// has been through it, or does without.
func appsStep() Step {
	s := tickStep(StepApps, FieldConnected, "Atlassian apps",
		"Tell Jira and the others that people and groups come from Postern.",
		"The apps are connected, or I connect them later on the page Apps",
		"Connect the apps, or tick this box and do it later on the page Apps.")
	s.Done = func(fc Facts) bool { return fc.Draft.ticked(StepApps) || fc.Live }
	return s
}

// tickStep is a step that the administrator confirms with one checkbox.
func tickStep(id StepID, field, title, lead, label, missing string) Step {
	return Step{
		ID: id, Title: title, Lead: lead,
		Fields: []Field{{
			Name: field, Label: label, Kind: FieldCheckbox, Required: true,
			Value: func(fc Facts) []string { return checkbox(fc.Draft.ticked(id)) },
		}},
		Apply: func(d *Draft, _ Facts, a Answers) []model.Problem {
			if !a.Ticked(field) {
				return []model.Problem{{Field: field, Text: missing}}
			}
			d.tick(id)
			return nil
		},
		Done: func(fc Facts) bool { return fc.Draft.ticked(id) },
	}
}

// checkbox is the answer of a checkbox that is ticked or not.
func checkbox(on bool) []string {
	if on {
		return []string{"on"}
	}
	return nil
}

// text is the answer of a text field.
func text(s string) []string { return []string{s} }
