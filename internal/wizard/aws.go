package wizard

import (
	"regexp"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// AWSValue is one field of AWS's form with what to type into it.
type AWSValue struct {
	Label string // AWS's own label
	Value string // empty: leave the field empty
	Note  string
}

// AWSValues are the fields of “Add application” in AWS IAM Identity Center, in
// AWS's order. Source: IAM Identity Center user guide, “Set up your own SAML
// 2.0 application”.
func AWSValues(fc Facts) []AWSValue {
	c, slug := fc.Draft.Config, fc.Slug
	start := AWSValue{Label: "Application start URL", Note: "Leave it empty. The tile in the access portal then signs people in directly."}
	if !c.AllowIdPInitiated {
		start = AWSValue{Label: "Application start URL", Value: strings.TrimRight(fc.PublicURL, "/") + "/saml/" + slug + "/login",
			Note: "Sign-ins that begin at the tile are switched off here, so the tile has to lead to this address."}
	}
	return []AWSValue{
		{Label: "Display name", Value: c.Name, Note: "People see it on the tile. Any name will do."},
		{Label: "Description", Value: "Sign in to our Atlassian apps through Postern", Note: "Any text will do."},
		start,
		{Label: "Relay state", Note: "Leave it empty."},
		{Label: "Session duration", Value: "1 hour", Note: "AWS's own default. A session here never lasts longer than AWS says."},
		{Label: "Application ACS URL", Value: model.ACSURL(fc.PublicURL, slug), Note: "AWS compares it character by character."},
		{Label: "Application SAML audience", Value: c.EntityIDFor(fc.PublicURL, slug),
			Note: "AWS compares it character by character. It looks like an address, but it is a name."},
	}
}

// AttributeRow is one row of AWS's table “Edit attribute mappings”.
type AttributeRow struct {
	UserAttribute string // AWS: "User attribute in the application"
	MapsTo        string // AWS: "Maps to this string value or user attribute in IAM Identity Center"
	Format        string // AWS: "Format"
	Becomes       string // what Postern makes of it
	Note          string
}

// AWSAttributeRows is the table to type into AWS for a configuration. The
// Subject row comes first; AWS always has it.
//
// Where the username is the Subject, Subject is ${user:subject}: every user of
// IAM Identity Center has that sign-in name, while AWS answers “No access” for
// a user without a primary email when Subject is ${user:email}.
func AWSAttributeRows(c model.Config) []AttributeRow {
	m := c.Attributes
	rows := []AttributeRow{subjectRow(c)}
	add := func(attribute, mapsTo, becomes, note string) {
		if attribute == "" {
			return
		}
		if attribute == model.AttributeSubject {
			attribute = rows[0].UserAttribute
		}
		for i := range rows {
			if rows[i].UserAttribute == attribute { // one attribute may serve for several values
				rows[i].Becomes = joinWords(rows[i].Becomes, becomes)
				return
			}
		}
		rows = append(rows, AttributeRow{UserAttribute: attribute, MapsTo: mapsTo, Format: "unspecified", Becomes: becomes, Note: note})
	}
	username := "${user:subject}"
	if m.Username == m.Email {
		username = "${user:email}"
	}
	add(m.Username, username, "username", "")
	add(m.Email, "${user:email}", "email", "")
	add(m.FirstName, "${user:givenName}", "first name", "")
	add(m.LastName, "${user:familyName}", "last name", "")
	add(m.ExternalID, "${user:AD_GUID}", "stable id", "Stays the same when somebody's name or email changes.")
	add(m.AWSGroups, "${user:groups}", "AWS groups", "AWS does not document this variable. It sends the groups' ids, not their names.")
	if rows[0].Becomes == "" {
		rows[0].Becomes = "the name by which AWS knows the person"
	}
	return rows
}

// subjectRow is the row that AWS always has. Its format must be the one that
// requests ask for, else AWS answers “No access”.
func subjectRow(c model.Config) AttributeRow {
	m := c.Attributes
	row := AttributeRow{UserAttribute: "Subject", MapsTo: "${user:subject}", Format: "unspecified",
		Note: "Every user in AWS has a sign-in name. With ${user:email}, AWS refuses whoever has no primary email."}
	if c.NameIDFormat != model.NameIDNone && c.NameIDFormat != "" {
		row.Format = string(c.NameIDFormat)
	}
	switch {
	case m.Email == model.AttributeSubject, c.NameIDFormat == model.NameIDEmail:
		row.MapsTo, row.Note = "${user:email}", "AWS refuses whoever has no primary email."
	case m.ExternalID == model.AttributeSubject && m.Username != model.AttributeSubject:
		row.MapsTo, row.Note = "${user:AD_GUID}", "Stays the same when somebody's name or email changes."
	}
	return row
}

func joinWords(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

// regionPattern is the shape of an AWS region's name.
var regionPattern = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)

// CheckedRegion is a region's code as typed or chosen, or empty when it cannot
// be one.
func CheckedRegion(code string) string {
	if !regionPattern.MatchString(code) {
		return ""
	}
	return code
}

// ConsoleURL is where AWS's console shows IAM Identity Center of a region. An
// empty or impossible region gives the address that lets AWS choose.
func ConsoleURL(region string) string {
	if !regionPattern.MatchString(region) {
		region = ""
	}
	return "https://" + sso.PartitionOf(region).ConsoleHost(region) + "/singlesignon"
}
