package wizard_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in, want string
		notes    int
		problem  string
	}{
		{in: "https://sso.example.com", want: "https://sso.example.com"},
		{in: " https://sso.example.com/ ", want: "https://sso.example.com", notes: 1},
		{in: "HTTPS://SSO.Example.com:443/", want: "https://sso.example.com", notes: 3},
		{in: "https://sso.example.com:8443", want: "https://sso.example.com:8443"},
		{in: "http://localhost:8080", want: "http://localhost:8080"},
		{in: "http://localhost:80", want: "http://localhost", notes: 1},
		{in: "http://127.0.0.1:8080/", want: "http://127.0.0.1:8080", notes: 1},
		{in: "http://[::1]:8080", want: "http://[::1]:8080"},
		{in: "https://[2001:DB8::1]", want: "https://[2001:db8::1]", notes: 1},
		{in: "http://postern.localhost", want: "http://postern.localhost"},
		{in: "", problem: "Type the address"},
		{in: "sso.example.com", problem: "https://sso.example.com"},
		{in: "//sso.example.com", problem: "must begin with https://"},
		{in: "http://sso.example.com", problem: "Plain http is only for localhost"},
		{in: "http://localhost.example.com", problem: "Plain http is only for localhost"},
		{in: "http://10.0.0.5", problem: "Plain http is only for localhost"},
		{in: "ftp://sso.example.com", problem: "not ftp://"},
		{in: "https://", problem: "is not a web address"},
		{in: "https://:8443", problem: "is not a web address"},
		{in: "https://sso.example.com/saml/aws/acs", problem: "Leave out the path"},
		{in: "https://sso.example.com//", problem: "Leave out the path"},
		{in: "https://sso.example.com?x=1", problem: "Leave out everything after the host name"},
		{in: "https://sso.example.com/?", problem: "Leave out everything after the host name"},
		{in: "https://sso.example.com/#", problem: "Leave out everything after the host name"},
		{in: "https://me@sso.example.com", problem: "before the “@”"},
		{in: "https://sso example.com", problem: "is not a web address"},
		{in: "https://sso_example.com", problem: "is not a host name"},
		{in: "https://exämple.com", problem: "xn--"},
		{in: "https://-sso.example.com", problem: "is not a host name"},
		{in: "https://sso.example.com.", problem: "is not a host name"},
		{in: "https://sso..example.com", problem: "is not a host name"},
		{in: "https://0.0.0.0", problem: "is not a host name"},
		{in: "https://sso.example.com:0", problem: "port"},
		{in: "https://sso.example.com:65536", problem: "port"},
		{in: "https://sso.example.com:", problem: "port"},
		{in: "https://sso.example.com:https", problem: "is not a web address"},
	} {
		t.Run(tc.in, func(t *testing.T) {
			t.Parallel()
			got, notes, problem := wizard.CheckPublicURL(tc.in)
			if got != tc.want || len(notes) != tc.notes {
				t.Errorf("= %q, %v", got, notes)
			}
			if (problem == nil) != (tc.problem == "") || (problem != nil && !strings.Contains(problem.Text, tc.problem)) {
				t.Errorf("problem = %v, want %q", problem, tc.problem)
			}
			if again, notes, problem := wizard.CheckPublicURL(got); got != "" && (again != got || len(notes) > 0 || problem != nil) {
				t.Errorf("the normalized address becomes %q, %v, %v", again, notes, problem)
			}
		})
	}
}

func TestFixedPublicURLIsNotAnAnswer(t *testing.T) {
	t.Parallel()
	f, fc := setup(t), fresh()
	fc.PublicURLFixed = true
	d, problems := f.Submit(wizard.StepWelcome, fc, wizard.Answers{wizard.FieldName: {"A"}, wizard.FieldPublicURL: {"https://evil.example.com"}})
	if len(problems) > 0 || d.PublicURL != "" {
		t.Errorf("public URL = %q, %v", d.PublicURL, problems)
	}
}

func TestProblemsNameTheirField(t *testing.T) {
	t.Parallel()
	manual := func(fc *wizard.Facts) { fc.Draft.Config.Provisioning = model.ProvisioningManual }
	other := metadata("eu-central-1", "0123456789abcdef")
	for name, tc := range map[string]struct {
		step    wizard.StepID
		change  func(*wizard.Facts)
		answers wizard.Answers
		fields  []string
		text    string // in the first
	}{
		"no name and no address": {wizard.StepWelcome, nil, nil, []string{"name", "public_url"}, "Give the connection a name"},
		"long name": {wizard.StepWelcome, nil, wizard.Answers{"name": {strings.Repeat("ä", 101)}, "public_url": {"https://a.example.com"}},
			[]string{"name"}, "longer than 100 characters"},
		"unknown app": {wizard.StepWelcome, nil, wizard.Answers{"name": {"A"}, "public_url": {"https://a.example.com"}, "apps": {"jira", "trello"}},
			[]string{"apps"}, "from the list"},
		"no model":      {wizard.StepProvisioning, nil, nil, []string{"provisioning"}, "Choose one"},
		"unknown model": {wizard.StepProvisioning, nil, wizard.Answers{"provisioning": {"magic"}}, []string{"provisioning"}, "Choose one"},
		"not created":   {wizard.StepAWSApplication, nil, nil, []string{"created"}, "Create the application in AWS first"},
		"no metadata":   {wizard.StepMetadata, func(fc *wizard.Facts) { fc.Draft.Config.IdPMetadata = "" }, nil, []string{"metadata"}, "Bring AWS's metadata"},
		"no XML":        {wizard.StepMetadata, nil, wizard.Answers{"metadata": {"hello"}}, []string{"metadata"}, ""},
		"fetched no XML": {wizard.StepMetadata, nil, wizard.Answers{"metadata_url": {awsURL("eu-central-1", "metadata", "0123456789abcdef")},
			"fetched": {"<html></html>"}}, []string{"metadata_url"}, ""},
		"not yet fetched": {wizard.StepMetadata, nil, wizard.Answers{"metadata_url": {awsURL("eu-central-1", "metadata", "0123456789abcdef")}},
			[]string{"metadata_url"}, "has not been fetched"},
		"address as text": {wizard.StepMetadata, nil, wizard.Answers{"metadata": {awsURL("eu-central-1", "metadata", "0123456789abcdef")}}, []string{"metadata"},
			"has not been fetched"},
		"half of the XML": {wizard.StepMetadata, nil, wizard.Answers{"metadata": {other[:len(other)/2]}}, []string{"metadata"}, ""},
		"no username":     {wizard.StepAttributes, nil, wizard.Answers{"email": {"email"}}, []string{"username"}, "which attribute holds the username"},
		"AWS's side":      {wizard.StepAttributes, nil, wizard.Answers{"username": {"subject"}, "email": {"${user:email}"}}, []string{"email"}, "second column"},
		"pattern":         {wizard.StepAttributes, nil, wizard.Answers{"username": {"subject"}, "pattern": {"("}}, []string{"pattern"}, ""},
		"no choice":       {wizard.StepUsers, nil, wizard.Answers{"create": {"on"}}, []string{"existing_username"}, "username of a user who is here already"},
		"no domain": {wizard.StepUsers, nil, wizard.Answers{"existing_username": {"refuse"},
			"allowed_email_domains": {"example.com\n*.example.com\nlocalhost\na@b.example.com"}},
			[]string{"allowed_email_domains", "allowed_email_domains", "allowed_email_domains"}, "“*.example.com” is not an email domain"},
		"domains without email": {wizard.StepUsers, func(fc *wizard.Facts) { fc.Draft.Config.Attributes.Email = "" },
			wizard.Answers{"existing_username": {"refuse"}, "allowed_email_domains": {"example.com"}}, []string{"allowed_email_domains"},
			"No attribute holds the email"},
		"no users":     {wizard.StepUsers, manual, nil, []string{"users_there"}, "no users yet"},
		"not reviewed": {wizard.StepGroups, nil, nil, []string{"reviewed"}, "Look at the groups"},
		"not assigned": {wizard.StepAssign, nil, nil, []string{"assigned"}, "Assign people"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, fc := setup(t), finished()
			if tc.change != nil {
				tc.change(&fc)
			}
			d, problems := f.Submit(tc.step, fc, tc.answers)
			var fields []string
			for _, p := range problems {
				fields = append(fields, p.Field)
				if p.Text == "" {
					t.Errorf("the problem of %s has no words", p.Field)
				}
			}
			if !slices.Equal(fields, tc.fields) || !strings.Contains(problems[0].Text, tc.text) {
				t.Fatalf("problems = %v, want fields %v and %q", problems, tc.fields, tc.text)
			}
			if !same(d, fc.Draft) {
				t.Error("the draft changed in spite of problems")
			}
		})
	}
}

func TestFieldsBelongToTheModel(t *testing.T) {
	t.Parallel()
	step, _ := setup(t).Step(wizard.StepUsers)
	fc := finished()
	names := func() (names []string) {
		for _, f := range step.FieldsFor(fc) {
			names = append(names, f.Name)
		}
		return names
	}
	if got := names(); !slices.Equal(got, []string{"create", "update", "existing_username", "allowed_email_domains"}) {
		t.Errorf("just in time: %v", got)
	}
	fc.Draft.Config.Provisioning = model.ProvisioningManual
	if got := names(); !slices.Equal(got, []string{"users_there"}) {
		t.Errorf("manual: %v", got)
	}
}

func TestEveryFieldCanBeFilledIn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, p := range f.Progress(fresh()) {
		seen := map[string]bool{}
		for _, field := range p.Step.Fields {
			if field.Name == "" || field.Label == "" || field.Kind == "" || seen[field.Name] {
				t.Errorf("%s: field %+v has no name, label or kind, or is there twice", p.Step.ID, field)
			}
			seen[field.Name] = true
			choice := field.Kind == wizard.FieldRadio || field.Kind == wizard.FieldCheckboxes
			if choice != (len(field.Options) > 0) {
				t.Errorf("%s: field %s has %d options", p.Step.ID, field.Name, len(field.Options))
			}
		}
	}
}

func TestMetadataFromAnAddress(t *testing.T) {
	t.Parallel()
	f, fc := setup(t), finished()
	address := awsURL("eu-central-1", "metadata", "fedcba9876543210")
	for _, a := range []wizard.Answers{{"metadata_url": {" " + address}}, {"metadata": {address + "\n"}}} {
		if got, problem := wizard.MetadataURL(fc, a); got != address || problem != nil {
			t.Errorf("to fetch: %q, %v", got, problem)
		}
	}
	submit(t, f, &fc, wizard.StepMetadata, wizard.Answers{"metadata_url": {address}, "fetched": {metadata("eu-central-1", "fedcba9876543210")}})
	if c := fc.Draft.Config; c.IdPMetadataURL != address || !strings.Contains(c.IdPMetadata, awsURL("eu-central-1", "assertion", "fedcba9876543210")) {
		t.Errorf("stored %q from %q", c.IdPMetadata, c.IdPMetadataURL)
	}
	submit(t, f, &fc, wizard.StepMetadata, wizard.Answers{"metadata_url": {address}})
	if fc.Draft.Config.IdPMetadataURL != address {
		t.Error("saving without a change forgets the address")
	}
	submit(t, f, &fc, wizard.StepMetadata, wizard.Answers{"metadata": {metadata("eu-west-1", "0123456789abcdef")}})
	if fc.Draft.Config.IdPMetadataURL != "" {
		t.Error("pasted metadata keeps the address of other metadata")
	}
	for name, a := range map[string]wizard.Answers{
		"sign-in URL": {"metadata_url": {awsURL("eu-central-1", "assertion", "fedcba9876543210")}},
		"portal":      {"metadata_url": {"https://d-1234567890.awsapps.com/start"}},
		"the XML":     {"metadata_url": {metadata("eu-central-1", "fedcba9876543210")}},
	} {
		if got, problem := wizard.MetadataURL(fc, a); got != "" || problem == nil || problem.Field != "metadata_url" {
			t.Errorf("%s: %q, %v", name, got, problem)
		}
	}
	if got, problem := wizard.MetadataURL(fc, nil); got != "" || problem != nil {
		t.Errorf("nothing to fetch: %q, %v", got, problem)
	}
}

func TestProductsAreThoseOfTheModel(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, p := range wizard.Products() {
		ids = append(ids, p.ID)
	}
	if !slices.Equal(ids, model.Products()) {
		t.Errorf("screens are known of %v, and an app can be one of %v", ids, model.Products())
	}
}
