package wizard_test

import (
	"slices"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

func TestAWSValuesAreInAWSOrder(t *testing.T) {
	t.Parallel()
	fc := finished()
	var labels []string
	values := map[string]string{}
	for _, v := range wizard.AWSValues(fc) {
		labels = append(labels, v.Label)
		values[v.Label] = v.Value
		if v.Note == "" {
			t.Errorf("%s has no note", v.Label)
		}
	}
	want := []string{"Display name", "Description", "Application start URL", "Relay state", "Session duration", "Application ACS URL", "Application SAML audience"}
	if !slices.Equal(labels, want) {
		t.Errorf("labels = %q", labels)
	}
	if values["Application ACS URL"] != "https://sso.example.com/saml/aws/acs" ||
		values["Application SAML audience"] != "https://sso.example.com/saml/aws/metadata" ||
		values["Application start URL"] != "" || values["Display name"] != "Example" {
		t.Errorf("values = %q", values)
	}
	fc.Draft.Config.AllowIdPInitiated = false
	fc.Draft.Config.EntityID = "urn:example:postern"
	for _, v := range wizard.AWSValues(fc) {
		values[v.Label] = v.Value
	}
	if values["Application start URL"] != "https://sso.example.com/saml/aws/login" || values["Application SAML audience"] != "urn:example:postern" {
		t.Errorf("values = %q", values)
	}
}

func TestAWSAttributeRows(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*model.Config)
		want   [][4]string
	}{
		"the proposal": {nil, [][4]string{
			{"Subject", "${user:subject}", "unspecified", "username"},
			{"email", "${user:email}", "unspecified", "email"},
			{"firstName", "${user:givenName}", "unspecified", "first name"},
			{"lastName", "${user:familyName}", "unspecified", "last name"},
			{"userId", "${user:AD_GUID}", "unspecified", "stable id"},
			{"groups", "${user:groups}", "unspecified", "AWS groups"},
		}},
		"only the subject": {func(c *model.Config) { c.Attributes = model.AttributeMap{Username: "subject"} },
			[][4]string{{"Subject", "${user:subject}", "unspecified", "username"}}},
		"everything is the email": {func(c *model.Config) { c.Attributes = model.AttributeMap{Username: "subject", Email: "subject"} },
			[][4]string{{"Subject", "${user:email}", "unspecified", "username, email"}}},
		"username is the email attribute": {func(c *model.Config) { c.Attributes = model.AttributeMap{Username: "mail", Email: "mail"} },
			[][4]string{{"Subject", "${user:subject}", "unspecified", "the name by which AWS knows the person"},
				{"mail", "${user:email}", "unspecified", "username, email"}}},
		"username of its own": {func(c *model.Config) { c.Attributes = model.AttributeMap{Username: "login", ExternalID: "subject"} },
			[][4]string{{"Subject", "${user:AD_GUID}", "unspecified", "stable id"}, {"login", "${user:subject}", "unspecified", "username"}}},
		"requests ask for a format": {func(c *model.Config) {
			c.NameIDFormat, c.Attributes = model.NameIDPersistent, model.AttributeMap{Username: "subject"}
		}, [][4]string{{"Subject", "${user:subject}", "persistent", "username"}}},
		"requests ask for an email": {func(c *model.Config) {
			c.NameIDFormat, c.Attributes = model.NameIDEmail, model.AttributeMap{Username: "subject"}
		}, [][4]string{{"Subject", "${user:email}", "emailAddress", "username"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := finished().Draft.Config
			if tc.change != nil {
				tc.change(&c)
			}
			var got [][4]string
			for _, r := range wizard.AWSAttributeRows(c) {
				got = append(got, [4]string{r.UserAttribute, r.MapsTo, r.Format, r.Becomes})
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("rows = %q\nwant   %q", got, tc.want)
			}
		})
	}
}

func TestProposedAttributes(t *testing.T) {
	t.Parallel()
	fc := fresh()
	if got := wizard.ProposedAttributes(fc); got != model.WizardAttributes() {
		t.Errorf("at first: %+v", got)
	}
	fc.Draft.Ticks = map[string]bool{"attributes": true} // the administrator wants the subject and nothing else
	if got := wizard.ProposedAttributes(fc); got != model.DefaultConfig("").Attributes {
		t.Errorf("once saved: %+v", got)
	}
}

func TestConsoleURL(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"":                "https://console.aws.amazon.com/singlesignon",
		"eu-central-1":    "https://eu-central-1.console.aws.amazon.com/singlesignon",
		"ap-southeast-2":  "https://ap-southeast-2.console.aws.amazon.com/singlesignon",
		"cn-north-1":      "https://cn-north-1.console.amazonaws.cn/singlesignon",
		"us-gov-west-1":   "https://us-gov-west-1.console.amazonaws-us-gov.com/singlesignon",
		"eusc-de-east-1":  "https://eusc-de-east-1.console.amazonaws-eusc.eu/singlesignon",
		"evil.example/x?": "https://console.aws.amazon.com/singlesignon",
	} {
		if got := wizard.ConsoleURL(region); got != want {
			t.Errorf("%q: %s", region, got)
		}
	}
}

func TestSuggestedGroups(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, o := range wizard.AppOptions() {
		for _, g := range wizard.SuggestedGroups([]string{o.Value}) {
			if err := model.CheckGroupName(g.Name); err != nil || g.Description == "" || names[model.Key(g.Name)] {
				t.Errorf("%s: %+v: %v, or no description, or there twice", o.Value, g, err)
			}
			names[model.Key(g.Name)] = true
		}
	}
	for _, want := range []string{"jira-software-users", "jira-administrators", "confluence-users", "stash-users", "bamboo-admin"} {
		if !names[want] {
			t.Errorf("%s is not suggested", want)
		}
	}
	if got := wizard.SuggestedGroups([]string{"other", "unknown"}); len(got) != 0 {
		t.Errorf("for another app: %v", got)
	}
}

func TestRegionName(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range wizard.Regions() {
		if wizard.CheckedRegion(r.Code) != r.Code || wizard.RegionName(r.Code) != r.Name || seen[r.Code] || seen[r.Name] {
			t.Errorf("%+v cannot be a region, or is there twice", r)
		}
		seen[r.Code], seen[r.Name] = true, true
	}
	if got := wizard.RegionName("xx-new-9"); got != "xx-new-9" {
		t.Errorf("a new region is called %q", got)
	}
}
