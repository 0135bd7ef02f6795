package sso

import (
	"maps"

	"github.com/postern-sso/postern/internal/model"
)

// Reason is one code with everything that can lead to it. The cause inside is
// the first one: it is meant where nothing more is known.
type Reason struct {
	Cause
	Code   model.Code
	Title  string
	Causes []Cause

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
	fieldFormat    = AWSField{screenMappings, "Subject: Format", ""}
	fieldAttribute = AWSField{screenMappings, "User attribute in the application", ""}
	fieldAlgorithm = AWSField{screenCertificate, "Algorithm", "SHA-256"}
)

// Who can mend something.
const (
	whoAWS     = "AWS administrator"
	whoPostern = "Postern administrator"
	whoPerson  = "The person signing in"
	whoServer  = "Whoever runs this server"
	whoNobody  = "Nobody: it must not work"
)

// Where in AWS: the labels of its console, in its order.
const (
	awsApplication = "AWS: Applications → Customer managed → your application"
	awsConfig      = awsApplication + " → Actions → Edit configuration"
	awsMappings    = awsApplication + " → Actions → Edit attribute mappings"
	awsAssign      = awsApplication + " → Assigned users and groups"
	awsCertificate = awsConfig + " → IAM Identity Center metadata → Manage certificate"
	awsPerson      = "AWS: IAM Identity Center → Users → the person"

	pageBrowser      = "The browser"
	pageLogins       = "Postern: Logins"
	pageInspect      = "Postern: Logins → Inspect a SAML response"
	pageUsers        = "Postern: Users"
	pageConnections  = "Postern: Connections"
	pageConnection   = "Postern: the connection"
	pageCertificates = "Postern: the connection → Certificates"
	setupMetadata    = "Postern: the connection → Edit → Metadata from AWS"
	setupAttributes  = "Postern: the connection → Edit → Attributes"
	setupUsers       = "Postern: the connection → Edit → Users"
)

// The steps of the setup that a cure leads to. They are permanent.
const (
	stepProvisioning = "provisioning"
	stepMetadata     = "metadata"
	stepAttributes   = "attributes"
	stepUsers        = "users"
)

// What the person can do.
const (
	personAgain   = "Start again from the app that you want to use. Do not use the back button, a bookmark of the AWS page, or a page that was open for long."
	personBrowser = "Start again from the app that you want to use, and finish in the same browser window. Allow cookies for this site. If you did not " +
		"try to sign in, tell us."
	personTile    = "Start from the app that you want to use, not from the tile in the AWS access portal."
	personNoAWS   = "Try once more from the app that you want to use. If AWS shows an error, send us its words, or a picture of it."
	personOnce    = "Start again from the app that you want to use. If the same happens, try another browser."
	personMinute  = "Wait a minute, then start again from the app that you want to use."
	personNothing = "Nothing for now. An administrator has to change something first, and will tell you when to try again."
)

// Advice is what the person can do about a refusal of this cause.
func (c Cause) Advice() string {
	if c.Person == "" {
		return personNothing
	}
	return c.Person
}

// Explain returns the words for a code. An unknown code gets those of
// internal.
func Explain(c model.Code) Reason {
	r, ok := reasons[c]
	if !ok {
		c, r = model.CodeInternal, reasons[model.CodeInternal]
	}
	r.Code = c
	return r
}

// reasons are all codes. Each stands in one of the tables, by its kind.
var reasons = func() map[model.Code]Reason {
	all := map[model.Code]Reason{}
	for _, table := range []map[model.Code]Reason{reasonsOfShape, reasonsOfStatus, reasonsOfSignature, reasonsOfAddress, reasonsOfRequest,
		reasonsOfSubject, reasonsOfUser, reasonsOfUs} {
		maps.Copy(all, table)
	}
	for code, r := range all {
		for i := range r.Causes {
			r.Causes[i].Code = code
		}
		r.Cause = r.Causes[0]
		all[code] = r
	}
	return all
}()
