package wizard_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

func setup(t *testing.T) *wizard.Flow {
	t.Helper()
	f, err := wizard.Setup()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestNewFlowRefusesWrongTables(t *testing.T) {
	t.Parallel()
	done := func(wizard.Facts) bool { return false }
	good := wizard.Step{ID: "a", Title: "A", Lead: "Do a.", Done: done}
	with := func(change func(*wizard.Step)) wizard.Step {
		s := good
		change(&s)
		return s
	}
	for name, tc := range map[string]struct {
		steps []wizard.Step
		want  string // empty: good
	}{
		"good":         {[]wizard.Step{good}, ""},
		"no steps":     {nil, "no steps"},
		"the same id":  {[]wizard.Step{good, good}, `"a" is there twice`},
		"no id":        {[]wizard.Step{with(func(s *wizard.Step) { s.ID = "" })}, "step 1 has no id"},
		"no title":     {[]wizard.Step{with(func(s *wizard.Step) { s.Title = "" })}, "no title"},
		"no lead":      {[]wizard.Step{with(func(s *wizard.Step) { s.Lead = "" })}, "no lead"},
		"never done":   {[]wizard.Step{with(func(s *wizard.Step) { s.Done = nil })}, "cannot be done"},
		"lost answers": {[]wizard.Step{with(func(s *wizard.Step) { s.Fields = []wizard.Field{{Name: "x"}} })}, "nothing applies them"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := wizard.NewFlow(tc.steps...)
			if (err == nil) != (tc.want == "") || (err != nil && !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("error = %v, want %q", err, tc.want)
			}
		})
	}
}

func TestUnknownStepIsLocked(t *testing.T) {
	t.Parallel()
	f, fc := setup(t), fresh()
	for _, id := range []wizard.StepID{"", "unknown", "Welcome", "app"} {
		if got := f.StateOf(id, fc); got != wizard.Locked {
			t.Errorf("%q is %v", id, got)
		}
		if _, ok := f.Step(id); ok {
			t.Errorf("%q is a step", id)
		}
		if _, ok := f.Next(id, fc); ok {
			t.Errorf("%q has a next step", id)
		}
		if d, problems := f.Submit(id, fc, nil); len(problems) == 0 || !same(d, fc.Draft) {
			t.Errorf("%q can be submitted", id)
		}
	}
	var zero wizard.State
	if zero != wizard.Locked {
		t.Error("a forgotten state is not locked")
	}
}

func TestLaterStepsAreLocked(t *testing.T) {
	t.Parallel()
	f, fc := setup(t), fresh()
	for i, p := range f.Progress(fc) {
		want := wizard.Locked
		if i == 0 {
			want = wizard.Current
		}
		if p.State != want || f.StateOf(p.Step.ID, fc) != want {
			t.Errorf("%s is %v, want %v", p.Step.ID, p.State, want)
		}
	}
	if _, problems := f.Submit(wizard.StepAssign, fc, wizard.Answers{wizard.FieldAssigned: {"on"}}); len(problems) == 0 {
		t.Error("a locked step can be submitted")
	}
	if next, ok := f.Next(wizard.StepWelcome, fc); ok {
		t.Errorf("from welcome one comes to %s, which is locked", next)
	}
	if _, ok := f.Previous(wizard.StepWelcome, fc); ok {
		t.Error("there is a step before the first")
	}
}

// same compares drafts by what they say.
func same(a, b wizard.Draft) bool {
	return a.PublicURL == b.PublicURL && a.Config.Name == b.Config.Name && a.Config.IdPMetadata == b.Config.IdPMetadata &&
		a.Config.Provisioning == b.Config.Provisioning && a.Config.Attributes == b.Config.Attributes &&
		slices.Equal(ticks(a), ticks(b))
}

func ticks(d wizard.Draft) []string {
	var ids []string
	for id, on := range d.Ticks {
		if on {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// submit answers a step and takes the draft over, as the program does.
func submit(t *testing.T, f *wizard.Flow, fc *wizard.Facts, id wizard.StepID, a wizard.Answers) {
	t.Helper()
	d, problems := f.Submit(id, *fc, a)
	if len(problems) > 0 {
		t.Fatalf("%s: %v", id, problems)
	}
	if d.PublicURL != "" {
		fc.PublicURL = d.PublicURL
	}
	fc.Draft = d
}

// walk answers every step of a provisioning model and looks at each state on the
// way.
func walk(t *testing.T, answers map[wizard.StepID]wizard.Answers) wizard.Facts {
	t.Helper()
	f, fc := setup(t), fresh()
	fc.Editing = true
	for i := 0; i < len(f.Progress(fc)); i++ { // answers add steps
		p := f.Progress(fc)[i]
		id := p.Step.ID
		if got := f.Resume(fc); got != id {
			t.Fatalf("resumes at %s, want %s", got, id)
		}
		for _, field := range p.Step.FieldsFor(fc) {
			if field.Value != nil {
				field.Value(fc) // shows what is stored without a crash
			}
		}
		switch id {
		case wizard.StepTest:
			fc.Tested = true
		case wizard.StepGoLive:
			fc.Live, fc.Editing = true, false
		default:
			a, ok := answers[id]
			if field, tick := tickOf(p.Step); !ok && tick {
				a = wizard.Answers{field: {"on"}}
			}
			submit(t, f, &fc, id, a)
		}
		if got := f.StateOf(id, fc); got != wizard.Done {
			t.Fatalf("%s is %v after it was answered", id, got)
		}
	}
	if got := f.Resume(fc); got != wizard.StepGoLive {
		t.Errorf("a finished setup resumes at %s", got)
	}
	return fc
}

// tickOf is the one field of a step that is confirmed by a checkbox.
func tickOf(s wizard.Step) (field string, ok bool) {
	if len(s.Fields) != 1 || s.Fields[0].Kind != wizard.FieldCheckbox {
		return "", false
	}
	return s.Fields[0].Name, true
}

// common are the answers, other than a tick, that do not depend on the provisioning model.
func common(more map[wizard.StepID]wizard.Answers) map[wizard.StepID]wizard.Answers {
	answers := map[wizard.StepID]wizard.Answers{
		wizard.StepWelcome: {wizard.FieldName: {" Example Ltd. "}, wizard.FieldPublicURL: {"https://SSO.example.com/"},
			wizard.FieldApps: {"confluence", "jira"}},
		wizard.StepMetadata:   {wizard.FieldMetadata: {metadata("eu-central-1", "0123456789abcdef")}},
		wizard.StepAttributes: {wizard.FieldUsername: {"Subject"}, wizard.FieldEmail: {"email"}, wizard.FieldLowercase: {"on"}},
	}
	for id, a := range more {
		answers[id] = a
	}
	return answers
}

func TestFromEmptyToFinished(t *testing.T) {
	t.Parallel()
	t.Run("jit", func(t *testing.T) {
		t.Parallel()
		fc := walk(t, common(map[wizard.StepID]wizard.Answers{
			wizard.StepProvisioning: {wizard.FieldProvisioning: {wizard.ModelJIT}},
			wizard.StepUsers: {wizard.FieldCreate: {"on"}, wizard.FieldExisting: {"link"},
				wizard.FieldAllowedDomains: {"@Example.com\r\nexample.net, example.com\r\n"}},
		}))
		c := fc.Draft.Config
		if fc.PublicURL != "https://sso.example.com" || c.Name != "Example Ltd." || !slices.Equal(c.Apps, []string{"jira", "confluence"}) {
			t.Errorf("welcome stored %q, %q, %v", fc.PublicURL, c.Name, c.Apps)
		}
		if c.Provisioning != model.ProvisioningJIT || !c.JIT.Create || c.JIT.Update || c.JIT.ExistingUsername != model.ExistingLink ||
			!slices.Equal(c.JIT.AllowedEmailDomains, []string{"example.com", "example.net"}) {
			t.Errorf("users stored %+v", c.JIT)
		}
		want := model.AttributeMap{Username: model.AttributeSubject, Email: "email"}
		if c.Attributes != want || !c.Username.Lowercase || c.Username.StripDomain {
			t.Errorf("attributes stored %+v, %+v", c.Attributes, c.Username)
		}
	})
	for _, m := range []string{wizard.ModelManual, wizard.ModelDirectory} {
		t.Run(m, func(t *testing.T) {
			t.Parallel()
			fc := walk(t, common(map[wizard.StepID]wizard.Answers{
				wizard.StepProvisioning: {wizard.FieldProvisioning: {m}},
				wizard.StepDirectory:    {wizard.FieldDirectory: {wizard.DirectoryInApps}},
				wizard.StepUsers:        {wizard.FieldUsersThere: {"on"}},
			}))
			c := fc.Draft.Config
			if c.Provisioning != model.ProvisioningManual || c.DirectorySynced != (m == wizard.ModelDirectory) {
				t.Errorf("provisioning stored %s, %v", c.Provisioning, c.DirectorySynced)
			}
		})
	}
}

// finished are the facts after everything was answered.
func finished() wizard.Facts {
	f, err := wizard.Setup()
	if err != nil {
		panic(err)
	}
	fc := fresh()
	fc.PublicURL = "https://sso.example.com"
	fc.Draft.Config = model.DefaultConfig("Example")
	fc.Draft.Config.Provisioning = model.ProvisioningJIT
	fc.Draft.Config.IdPMetadata = metadata("eu-central-1", "0123456789abcdef")
	fc.Draft.Config.Attributes = model.WizardAttributes()
	fc.Draft.Ticks = map[string]bool{"welcome": true, "attributes": true, "users": true}
	for _, p := range f.Progress(fc) {
		if _, tick := tickOf(p.Step); tick {
			fc.Draft.Ticks[string(p.Step.ID)] = true
		}
	}
	fc.Tested, fc.Editing = true, true
	return fc
}

// stored are the answers that say again what is stored.
func stored(f *wizard.Flow, id wizard.StepID, fc wizard.Facts) wizard.Answers {
	step, _ := f.Step(id)
	a := wizard.Answers{}
	for _, field := range step.FieldsFor(fc) {
		if field.Value != nil {
			a[field.Name] = field.Value(fc)
		}
	}
	return a
}

func TestSayingTheSameAgainClearsNothing(t *testing.T) {
	t.Parallel()
	f, fc := setup(t), finished()
	for _, p := range f.Progress(fc) {
		if p.Step.Apply == nil {
			continue
		}
		d, problems := f.Submit(p.Step.ID, fc, stored(f, p.Step.ID, fc))
		if p.Step.ID == wizard.StepMetadata { // its form does not show the text again: nothing brought is said, and changes nothing
			if len(problems) != 1 || !strings.Contains(problems[0].Text, "You brought nothing") || !same(d, fc.Draft) {
				t.Errorf("metadata: %v", problems)
			}
			continue
		}
		if len(problems) > 0 || !same(d, fc.Draft) {
			t.Errorf("%s: %v; ticks %v, want %v", p.Step.ID, problems, ticks(d), ticks(fc.Draft))
		}
	}
}

func TestAnInputClearsWhatWasDerivedFromIt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		step    wizard.StepID
		answers wizard.Answers
		cleared []string
	}{
		"another model": {wizard.StepProvisioning, wizard.Answers{wizard.FieldProvisioning: {wizard.ModelManual}}, []string{"users"}},
		"the directory": {wizard.StepProvisioning, wizard.Answers{wizard.FieldProvisioning: {wizard.ModelDirectory}}, []string{"users"}},
		"another address": {wizard.StepWelcome, wizard.Answers{wizard.FieldName: {"Example"}, wizard.FieldPublicURL: {"https://login.example.com"}},
			[]string{"aws-application"}},
		"another name":        {wizard.StepWelcome, wizard.Answers{wizard.FieldName: {"Other"}, wizard.FieldPublicURL: {"https://sso.example.com"}}, nil},
		"another application": {wizard.StepMetadata, wizard.Answers{wizard.FieldMetadata: {metadata("eu-central-1", "fedcba9876543210")}}, []string{"assign"}},
		"the same application, read again": {wizard.StepMetadata, wizard.Answers{wizard.FieldMetadata: {strings.Replace(metadata("eu-central-1", "0123456789abcdef"),
			"<md:NameIDFormat/>", "<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>", 1)}}, nil},
		"other attributes": {wizard.StepAttributes, wizard.Answers{wizard.FieldUsername: {"email"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, fc := setup(t), finished()
			before := ticks(fc.Draft)
			d, problems := f.Submit(tc.step, fc, tc.answers)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			var cleared []string
			for _, id := range before {
				if !d.Ticks[id] {
					cleared = append(cleared, id)
				}
			}
			if !slices.Equal(cleared, tc.cleared) {
				t.Errorf("cleared %v, want %v", cleared, tc.cleared)
			}
			if !slices.Equal(ticks(fc.Draft), before) {
				t.Error("Submit changed the draft that it was given")
			}
			fc.Draft, fc.Tested = d, false // the store clears the test with the configuration
			if at := resumes(f, fc); len(tc.cleared) > 0 && at != tc.cleared[0] {
				t.Errorf("resumes at %s, want %s", at, tc.cleared[0])
			}
			if state := f.StateOf(wizard.StepGroups, fc); state == wizard.Locked {
				t.Error("a step that was done before is locked")
			}
		})
	}
}

// resumes is where the setup goes on, once it is said that the apps read the directory.
func resumes(f *wizard.Flow, fc wizard.Facts) string {
	if f.Resume(fc) == wizard.StepDirectory {
		fc.Draft.Config.DirectoryInApps = true
	}
	return string(f.Resume(fc))
}

func TestEditingALiveConnection(t *testing.T) {
	t.Parallel()
	f, fc := setup(t), finished()
	fc.Live, fc.Tested = true, false
	if got := f.Resume(fc); got != wizard.StepTest {
		t.Errorf("an untested draft resumes at %s", got)
	}
	if got := f.StateOf(wizard.StepGoLive, fc); got != wizard.Locked {
		t.Errorf("an untested draft finds go-live %v", got)
	}
	fc.Tested = true
	if got := f.StateOf(wizard.StepGoLive, fc); got != wizard.Current {
		t.Errorf("a tested draft finds go-live %v", got)
	}
	if next, ok := f.Next(wizard.StepTest, fc); !ok || next != wizard.StepApps {
		t.Errorf("after the test comes %s, %v", next, ok)
	}
	if previous, ok := f.Previous(wizard.StepGoLive, fc); !ok || previous != wizard.StepApps {
		t.Errorf("before going live comes %s, %v", previous, ok)
	}
	if _, problems := f.Submit(wizard.StepGoLive, fc, nil); len(problems) == 0 {
		t.Error("going live is no form of the wizard")
	}
}

func TestManualUsersStepIsDoneWhenThereAreUsers(t *testing.T) {
	t.Parallel()
	f, fc := setup(t), finished()
	fc.Draft.Ticks["users"] = false
	if got := f.Resume(fc); got != wizard.StepUsers {
		t.Errorf("just in time resumes at %s", got)
	}
	fc.Users = 3
	if got := f.Resume(fc); got != wizard.StepUsers {
		t.Error("just in time asks its questions whoever is there")
	}
	fc.Draft.Config.Provisioning = model.ProvisioningManual
	if got := f.StateOf(wizard.StepUsers, fc); got != wizard.Done {
		t.Errorf("with users it is %v", got)
	}
	if _, problems := f.Submit(wizard.StepUsers, fc, nil); len(problems) > 0 {
		t.Errorf("with users the tick is not needed: %v", problems)
	}
}
