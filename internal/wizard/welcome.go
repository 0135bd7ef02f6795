package wizard

import (
	"slices"

	"github.com/postern-sso/postern/internal/model"
)

// AppOptions are the Atlassian apps that a connection may be for.
func AppOptions() []Option {
	return []Option{
		{Value: "jira", Label: "Jira", Hint: "Software and Service Management, Data Center"},
		{Value: "confluence", Label: "Confluence", Hint: "Data Center"},
		{Value: "bitbucket", Label: "Bitbucket", Hint: "Data Center"},
		{Value: "bamboo", Label: "Bamboo", Hint: "Data Center"},
		{Value: model.ProductOther, Label: "Another app", Hint: "anything that speaks OpenID Connect or uses a Crowd directory"},
	}
}

func welcomeFields() []Field {
	return []Field{
		{
			Name: FieldName, Label: "Name of this connection", Kind: FieldText, Required: true, Autocomplete: "off",
			Hint:  "People see it when they sign in, for example “Example Ltd.”",
			Value: func(fc Facts) []string { return text(fc.Draft.Config.Name) },
		},
		{
			Name: FieldPublicURL, Label: "Address of Postern", Kind: FieldURL, Required: true, Autocomplete: "url",
			Hint:  "What people type in their browser to reach Postern, for example https://sso.example.com.",
			Value: func(fc Facts) []string { return text(fc.PublicURL) },
		},
		{
			Name: FieldApps, Label: "Atlassian apps that people sign in to", Kind: FieldCheckboxes, Options: AppOptions(),
			Hint:  "Decides which groups are suggested later.",
			Value: func(fc Facts) []string { return fc.Draft.Config.Apps },
		},
	}
}

func applyWelcome(d *Draft, fc Facts, a Answers) []model.Problem {
	var problems []model.Problem
	name := model.Canonical(a.Text(FieldName))
	if name == "" {
		problems = append(problems, model.Problem{Field: FieldName, Text: "Give the connection a name."})
	} else if err := model.CheckTitle(name); err != nil {
		problems = append(problems, model.Problem{Field: FieldName, Text: "The name " + err.Error() + "."})
	}
	publicURL := fc.PublicURL
	if !fc.PublicURLFixed {
		url, _, problem := CheckPublicURL(a.Text(FieldPublicURL))
		if problem != nil {
			problems = append(problems, *problem)
		}
		publicURL = url
	}
	apps, unknown := chosenApps(a[FieldApps])
	if unknown {
		problems = append(problems, model.Problem{Field: FieldApps, Text: "Choose the apps from the list."})
	}
	if len(problems) > 0 {
		return problems
	}
	if publicURL != fc.PublicURL {
		d.PublicURL = publicURL
		if !sameValues(d.Config, fc.Slug, fc.PublicURL, publicURL) {
			d.untick(StepAWSApplication) // the values that were typed into AWS are others now
		}
	}
	d.Config.Name, d.Config.Apps = name, apps
	d.tick(StepWelcome)
	return nil
}

// sameValues tells whether AWS is to have the same values under another public URL.
func sameValues(c model.Config, slug, from, to string) bool {
	return c.EntityIDFor(from, slug) == c.EntityIDFor(to, slug) && model.ACSURL(from, slug) == model.ACSURL(to, slug)
}

// ValuesMoved takes back the word that AWS has the values of a draft, where another
// public URL makes others of them.
func ValuesMoved(rev *model.Revision, slug, from, to string) {
	if !sameValues(rev.Config, slug, from, to) {
		delete(rev.Ticks, string(StepAWSApplication))
	}
}

// chosenApps are the known apps among the answers, in the order of the list,
// and whether there were others.
func chosenApps(answers []string) (apps []string, unknown bool) {
	known := AppOptions()
	for _, o := range known {
		if slices.Contains(answers, o.Value) {
			apps = append(apps, o.Value)
		}
	}
	for _, v := range answers {
		if !slices.ContainsFunc(known, func(o Option) bool { return o.Value == v }) {
			return nil, true
		}
	}
	return apps, false
}

func provisioningFields() []Field {
	return []Field{{
		Name: FieldProvisioning, Label: "Who may be a user", Kind: FieldRadio, Required: true,
		Options: []Option{
			{Value: ModelJIT, Label: "Everybody whom AWS lets in", Hint: "Made at the first sign-in. You decide in AWS who gets in."},
			{Value: ModelManual, Label: "Only people I add", Hint: "By hand or from a file. Whoever is missing is refused, and shown to you with a button to add them."},
			{Value: ModelDirectory, Label: "People of our directory", Hint: "Read from AWS, LDAP or Active Directory, or pushed by your identity " +
				"provider: known before they sign in, and switched off when they leave."},
		},
		Value: func(fc Facts) []string {
			if m := modelOf(fc.Draft.Config); m != "" {
				return text(m)
			}
			return nil
		},
	}}
}

// modelOf is the provisioning radio's value for a configuration; empty until
// one has been chosen.
func modelOf(c model.Config) string {
	if c.Provisioning == model.ProvisioningManual && c.DirectorySynced {
		return ModelDirectory
	}
	return string(c.Provisioning)
}

func applyProvisioning(d *Draft, _ Facts, a Answers) []model.Problem {
	before := modelOf(d.Config)
	switch a.Text(FieldProvisioning) {
	case ModelJIT:
		d.Config.Provisioning, d.Config.DirectorySynced = model.ProvisioningJIT, false
	case ModelManual:
		d.Config.Provisioning, d.Config.DirectorySynced = model.ProvisioningManual, false
	case ModelDirectory:
		d.Config.Provisioning, d.Config.DirectorySynced = model.ProvisioningManual, true
	default:
		return []model.Problem{{Field: FieldProvisioning, Text: "Choose one of the three."}}
	}
	if !d.Config.DirectorySynced {
		d.Config.DirectorySource, d.Config.DirectoryInApps = "", false
	}
	if modelOf(d.Config) != before {
		d.untick(StepUsers) // that step asks different things now
	}
	return nil
}
