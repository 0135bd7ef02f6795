package wizard_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

// atDirectory are the facts in which the step about the directory is the current one.
func atDirectory() wizard.Facts {
	fc := finished()
	fc.Draft.Config.Provisioning, fc.Draft.Config.DirectorySynced = model.ProvisioningManual, true
	delete(fc.Draft.Ticks, "users")
	fc.Sources = []wizard.SourceFact{{Slug: "corp", Name: "Corporate directory", Read: true}, {Slug: "new", Name: "New one"}}
	return fc
}

func TestDirectoryStep(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for answer, problem := range map[string]string{
		"apps": "", "source:corp": "", "source:new": "has told of nobody yet", "source:gone": "connect a source first", "": "connect a source first",
		"corp": "connect a source first",
	} {
		fc := atDirectory()
		if got := f.StateOf(wizard.StepDirectory, fc); got != wizard.Current {
			t.Fatalf("the step is %v", got)
		}
		d, problems := f.Submit(wizard.StepDirectory, fc, wizard.Answers{wizard.FieldDirectory: {answer}})
		if problem != "" {
			if len(problems) != 1 || !strings.Contains(problems[0].Text, problem) || problems[0].Field != wizard.FieldDirectory {
				t.Errorf("%q: %v", answer, problems)
			}
			continue
		}
		fc.Draft = d
		if got := f.StateOf(wizard.StepDirectory, fc); len(problems) > 0 || got != wizard.Done {
			t.Errorf("%q: %v, the step is %v", answer, problems, got)
		}
	}
}

func TestDirectoryStepIsForTheDirectoryModel(t *testing.T) {
	t.Parallel()
	f, fc := setup(t), finished()
	if got := f.StateOf(wizard.StepDirectory, fc); got != wizard.Locked {
		t.Errorf("just in time: the step is %v", got)
	}
	if next, _ := f.Next(wizard.StepAttributes, fc); next != wizard.StepUsers {
		t.Errorf("just in time: %s follows the attributes", next)
	}
	fc = atDirectory()
	if next, _ := f.Next(wizard.StepAttributes, fc); next != wizard.StepDirectory {
		t.Errorf("from a directory: %s follows the attributes", next)
	}
	phases := 0
	for _, p := range f.Progress(fc) {
		if p.Step.Phase == "People" {
			phases++
		}
	}
	if phases != 1 {
		t.Errorf("the phase begins %d times", phases)
	}
	for _, there := range []func(*wizard.Facts){func(fc *wizard.Facts) { fc.Live = true }, func(fc *wizard.Facts) { fc.Draft.Ticks["users"] = true }} {
		fc = atDirectory()
		there(&fc)
		if got := f.StateOf(wizard.StepDirectory, fc); got != wizard.Done {
			t.Errorf("what was set up before there were sources: the step is %v", got)
		}
	}
	fc = atDirectory()
	fc.Draft.Config.DirectorySource = "gone"
	if got := f.StateOf(wizard.StepDirectory, fc); got == wizard.Done {
		t.Error("a source that is gone counts")
	}
}
