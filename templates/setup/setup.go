// Package setup holds the pages of the setup wizard, one step a file. The
// fields, their labels and hints come from the wizard's table; what is written
// here is the prose around them.
package setup

import (
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
)

// Frame is what every step of the wizard shows.
type Frame struct {
	Page        layout.Page
	Connection  model.Connection
	Draft       model.Revision
	Step        wizard.Step
	Fields      []wizard.Field // of the step, for this draft
	Rail        []wizard.Progress
	Back        wizard.StepID  // the step before; empty: none
	Next        wizard.StepID  // the step after, where it may be visited; else empty
	Answers     wizard.Answers // what the form shows: what is stored, or what was typed
	Problems    []model.Problem
	Version     int       // of the draft that the form was made from
	AutosavedAt time.Time // when the answers were typed, where they are not saved; zero: they are
}

// autosavePath is where what is typed is autosaved.
func (f Frame) autosavePath() string { return paths.SetupAction(f.slug(), f.Step.ID, "typed") }

func (f Frame) slug() string { return f.Connection.Slug }

func (f Frame) field(name string) wizard.Field {
	for _, field := range f.Fields {
		if field.Name == name {
			return field
		}
	}
	return wizard.Field{Name: name}
}

// input is a text field of the step with what was typed into it.
func (f Frame) input(name string) ui.Input {
	field := f.field(name)
	in := ui.Input{
		Name: name, Label: field.Label, Hint: field.Hint, Required: field.Required,
		Autocomplete: field.Autocomplete, Value: f.text(name), Problem: ui.ProblemOf(f.Problems, name),
	}
	if field.Kind == wizard.FieldURL {
		in.Type = "url"
	}
	return in
}

// depending is a field that is needed or not as another one says.
func depending(in ui.Input) ui.Input {
	in.Depends = true
	return in
}

// text is an answer as it was typed, blanks included.
func (f Frame) text(name string) string {
	if v := f.Answers[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (f Frame) problem(name string) string { return ui.ProblemOf(f.Problems, name) }

// choices are a step's radio buttons or check boxes.
func (f Frame) choices(name string) ui.ChoiceGroup {
	field := f.field(name)
	g := ui.ChoiceGroup{
		Name: name, Legend: field.Label, Hint: field.Hint, Problem: f.problem(name),
		Multi: field.Kind == wizard.FieldCheckboxes,
	}
	for _, o := range field.Options {
		g.Choices = append(g.Choices, ui.Choice{
			Value: o.Value, Label: o.Label, Hint: o.Hint, Checked: slices.Contains(f.Answers[name], o.Value),
		})
	}
	return g
}

// phases are the steps for the rail, in their phases. One is done when all of
// its steps are.
func (f Frame) phases() []ui.RailPhase {
	var phases []ui.RailPhase
	for _, p := range f.Rail {
		step := ui.RailStep{Title: p.Step.Title, Here: p.Step.ID == f.Step.ID, Done: p.State == wizard.Done}
		if p.State != wizard.Locked || step.Here {
			step.Href = paths.SetupStep(f.slug(), p.Step.ID)
		}
		if p.Step.Phase != "" || len(phases) == 0 {
			phases = append(phases, ui.RailPhase{Title: p.Step.Phase, Href: step.Href, State: ui.StageDone})
		}
		phase := &phases[len(phases)-1]
		phase.Steps = append(phase.Steps, step)
		switch {
		case step.Here:
			phase.State = ui.StageNow
		case !step.Done && phase.State == ui.StageDone:
			phase.State = ui.StageLater
		}
	}
	return phases
}

func (f Frame) action() string { return paths.SetupStep(f.slug(), f.Step.ID) }

// AWS is AWS as its metadata describes it, in human terms.
type AWS struct {
	Region       string // empty: not AWS's usual address
	Account      string
	EntityID     string
	SignInURL    string
	FetchedFrom  string // address of the metadata, where it was fetched
	Certificates []Certificate
	Other        bool     // it is another provider's
	Findings     []string // what an administrator should look at, a sentence each
	Problem      string   // why the stored metadata cannot be used; empty: it can
}

// Certificate is one that AWS signs with.
type Certificate struct {
	Fingerprint string // SHA-256
	NotAfter    time.Time
}

// remaining says how long a certificate is still valid.
func remaining(until, now time.Time) string {
	days := int(until.Sub(now).Hours() / 24)
	switch {
	case !until.After(now):
		return "expired"
	case days == 0:
		return "expires today"
	default:
		return ui.Count(days, "day left", "days left")
	}
}

// remainingTone colors it as AWS's own console does: yellow from 90 days on.
func remainingTone(until, now time.Time) string {
	switch left := until.Sub(now); {
	case left <= 0:
		return "red"
	case left <= 90*24*time.Hour:
		return "yellow"
	default:
		return "green"
	}
}

// appNames are the labels of the Atlassian apps that were chosen.
func appNames(apps []string) []string {
	var names []string
	for _, o := range wizard.AppOptions() {
		if slices.Contains(apps, o.Value) {
			names = append(names, o.Label)
		}
	}
	return names
}

// known says how many users there are.
func known(users int) string {
	if users == 0 {
		return "No user is known yet."
	}
	return ui.Count(users, "user is", "users are") + " known now."
}
