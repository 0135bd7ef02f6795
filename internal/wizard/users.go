package wizard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

func justInTime(fc Facts) bool { return fc.Draft.Config.Provisioning == model.ProvisioningJIT }
func byHand(fc Facts) bool     { return fc.Draft.Config.Provisioning == model.ProvisioningManual }

func usersFields() []Field {
	return []Field{
		{
			Name: FieldCreate, Label: "Make a user for somebody who is new", Kind: FieldCheckbox, When: justInTime,
			Value: func(fc Facts) []string { return checkbox(fc.Draft.Config.JIT.Create) },
		},
		{
			Name: FieldUpdate, Label: "Update the user at every sign-in", Kind: FieldCheckbox, When: justInTime,
			Hint:  "Only what AWS sent and what differs.",
			Value: func(fc Facts) []string { return checkbox(fc.Draft.Config.JIT.Update) },
		},
		{
			Name: FieldExisting, Label: "When somebody new has the username of a user who is here already", Kind: FieldRadio, When: justInTime,
			Options: []Option{
				{Value: string(model.ExistingRefuse), Label: "Refuse the sign-in", Hint: "Safe: nobody can take over a user by having the same name in AWS."},
				{Value: string(model.ExistingLink), Label: "Treat them as that user", Hint: "Right when your users were here before and AWS uses the same usernames. " +
					"It is for users to whom nobody in AWS is linked on this connection."},
			},
			Value: func(fc Facts) []string { return text(string(fc.Draft.Config.JIT.ExistingUsername)) },
		},
		{
			Name: FieldAllowedDomains, Label: "Only people with an email at these domains", Kind: FieldTextarea, When: justInTime,
			Hint:  "One a line, for example example.com. Empty: everybody whom AWS lets in. People who are users already are not asked.",
			Value: func(fc Facts) []string { return text(strings.Join(fc.Draft.Config.JIT.AllowedEmailDomains, "\n")) },
		},
		{
			Name: FieldUsersThere, Label: "The users are there, or will be before people sign in", Kind: FieldCheckbox, When: byHand,
			Value: func(fc Facts) []string { return checkbox(fc.Draft.ticked(StepUsers)) },
		},
	}
}

// usersDone: by hand, it is enough that there are users.
func usersDone(fc Facts) bool {
	return fc.Draft.ticked(StepUsers) || (byHand(fc) && fc.Users > 0)
}

func applyUsers(d *Draft, fc Facts, a Answers) []model.Problem {
	if !justInTime(fc) {
		if !a.Ticked(FieldUsersThere) && fc.Users == 0 {
			return []model.Problem{{Field: FieldUsersThere, Text: "There are no users yet. Add them, or tick this box when they come later."}}
		}
		if a.Ticked(FieldUsersThere) {
			d.tick(StepUsers)
		}
		return nil
	}
	jit := model.JITRules{
		Create: a.Ticked(FieldCreate), Update: a.Ticked(FieldUpdate),
		ExistingUsername: model.ExistingUsername(a.Text(FieldExisting)),
	}
	var problems []model.Problem
	if jit.ExistingUsername != model.ExistingRefuse && jit.ExistingUsername != model.ExistingLink {
		problems = append(problems, model.Problem{Field: FieldExisting, Text: "Choose what happens when somebody new has the " +
			"username of a user who is here already."})
	}
	jit.AllowedEmailDomains, problems = readDomains(a.Text(FieldAllowedDomains), problems)
	if len(jit.AllowedEmailDomains) > 0 && fc.Draft.Config.Attributes.Email == "" {
		problems = append(problems, model.Problem{Field: FieldAllowedDomains, Text: "No attribute holds the email, so nobody could ever match. Name one in the " +
			"step “Attributes”, or leave this empty."})
	}
	d.Config.JIT = jit
	if problems = alsoOfConfig(problems, d.Config, "jit."); len(problems) > 0 {
		return problems
	}
	d.tick(StepUsers)
	return nil
}

// readDomains reads email domains, one a line, each once, as compared
// (model.CanonicalDomain). Commas and blanks separate as well; a leading "@" is
// left out.
func readDomains(s string, problems []model.Problem) ([]string, []model.Problem) {
	var domains []string
	split := func(r rune) bool { return strings.ContainsRune(", ;\t\r\n", r) }
	for _, word := range strings.FieldsFunc(s, split) {
		domain := model.CanonicalDomain(word)
		if err := model.CheckAllowedDomain(domain); err != nil {
			problems = append(problems, model.Problem{Field: FieldAllowedDomains, Text: fmt.Sprintf("“%s” %v. Subdomains need a line of their own.", word, err)})
			continue
		}
		if !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	return domains, problems
}
