package wizard

import (
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// ProposedAttributes are the attributes to show and to type into AWS: those of
// the draft once they have been saved, else the proposal.
func ProposedAttributes(fc Facts) model.AttributeMap {
	c := fc.Draft.Config
	if fc.Draft.ticked(StepAttributes) || c.Attributes != model.DefaultConfig("").Attributes {
		return c.Attributes
	}
	return model.WizardAttributes()
}

func attributesFields() []Field {
	name := func(field, label, hint string, get func(model.AttributeMap) string) Field {
		return Field{
			Name: field, Label: label, Hint: hint, Kind: FieldText, Autocomplete: "off",
			Value: func(fc Facts) []string { return text(get(ProposedAttributes(fc))) },
		}
	}
	username := name(FieldUsername, "Username", "“subject” is the Subject row, which AWS always sends.", func(m model.AttributeMap) string { return m.Username })
	username.Required = true
	return []Field{
		username,
		name(FieldEmail, "Email", "Once named, a sign-in without an email is refused.", func(m model.AttributeMap) string { return m.Email }),
		name(FieldFirstName, "First name", "", func(m model.AttributeMap) string { return m.FirstName }),
		name(FieldLastName, "Last name", "", func(m model.AttributeMap) string { return m.LastName }),
		name(FieldExternalID, "Stable id", "Recognizes a person whose username or email has changed. Once named, a sign-in without it is refused.",
			func(m model.AttributeMap) string { return m.ExternalID }),
		name(FieldAWSGroups, "AWS groups", "AWS sends ids, not names. Needed only for rules by AWS group.", func(m model.AttributeMap) string { return m.AWSGroups }),
		{
			Name: FieldPattern, Label: "Replace in the username", Kind: FieldText, Autocomplete: "off",
			Hint:  "A regular expression (RE2 syntax). Empty: nothing is replaced.",
			Value: func(fc Facts) []string { return text(fc.Draft.Config.Username.Pattern) },
		},
		{
			Name: FieldReplace, Label: "with", Kind: FieldText, Autocomplete: "off",
			Hint:  "$1 is the first group of the expression.",
			Value: func(fc Facts) []string { return text(fc.Draft.Config.Username.Replace) },
		},
		{
			Name: FieldStripDomain, Label: "Leave out what follows the “@”", Kind: FieldCheckbox,
			Value: func(fc Facts) []string { return checkbox(fc.Draft.Config.Username.StripDomain) },
		},
		{
			Name: FieldLowercase, Label: "Lower case", Kind: FieldCheckbox,
			Value: func(fc Facts) []string { return checkbox(fc.Draft.Config.Username.Lowercase) },
		},
	}
}

func applyAttributes(d *Draft, _ Facts, a Answers) []model.Problem {
	var problems []model.Problem
	read := func(field string) string {
		s := a.Text(field)
		if strings.Contains(s, "${") {
			problems = append(problems, model.Problem{Field: field, Text: "“" + s + "” is what goes into AWS's second column. Type the name from the first column " +
				"here, for example “email”."})
		}
		if strings.EqualFold(s, model.AttributeSubject) {
			return model.AttributeSubject
		}
		return s
	}
	m := model.AttributeMap{
		Username: read(FieldUsername), Email: read(FieldEmail), FirstName: read(FieldFirstName),
		LastName: read(FieldLastName), ExternalID: read(FieldExternalID), AWSGroups: read(FieldAWSGroups),
	}
	d.Config.Attributes = m
	d.Config.Username = model.UsernameRule{
		Lowercase: a.Ticked(FieldLowercase), StripDomain: a.Ticked(FieldStripDomain),
		Pattern: a.Text(FieldPattern), Replace: a.Text(FieldReplace),
	}
	if m.Username == "" {
		problems = append(problems, model.Problem{Field: FieldUsername, Text: "Say which attribute holds the username. “subject” is the usual one."})
	}
	if problems = alsoOfConfig(problems, d.Config, "attributes.", "username."); len(problems) > 0 {
		return problems
	}
	d.tick(StepAttributes)
	return nil
}

// alsoOfConfig adds what is wrong with the parts of a configuration that begin
// with one of the prefixes, under the names of the form's fields. A field has
// one problem at a time. AWS's metadata is none of these parts and not read.
func alsoOfConfig(problems []model.Problem, c model.Config, prefixes ...string) []model.Problem {
	c.IdPMetadata = ""
	for _, p := range sso.CheckConfig(c) {
		for _, prefix := range prefixes {
			field, ok := strings.CutPrefix(p.Field, prefix)
			known := slices.ContainsFunc(problems, func(q model.Problem) bool { return q.Field == field })
			if ok && !known {
				problems = append(problems, model.Problem{Field: field, Text: p.Text})
			}
		}
	}
	return problems
}
