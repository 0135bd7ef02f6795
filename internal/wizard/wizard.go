package wizard

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// StepID names a step in addresses and in stored drafts. It never changes.
type StepID string

// Draft is what a step may change.
type Draft struct {
	Config    model.Config
	Ticks     map[string]bool // what the administrator confirmed, by step id
	PublicURL string          // changed by welcome only; empty: as it is
}

func (d Draft) clone() Draft {
	d.Ticks = maps.Clone(d.Ticks)
	if d.Ticks == nil {
		d.Ticks = map[string]bool{}
	}
	d.Config.Apps = slices.Clone(d.Config.Apps)
	d.Config.JIT.AllowedEmailDomains = slices.Clone(d.Config.JIT.AllowedEmailDomains)
	return d
}

func (d Draft) ticked(id StepID) bool { return d.Ticks[string(id)] }
func (d *Draft) tick(id StepID)       { d.Ticks[string(id)] = true }
func (d *Draft) untick(id StepID)     { delete(d.Ticks, string(id)) }

// Facts are what the flow is judged by. All of it is read from the database
// before a step is shown or saved.
type Facts struct {
	Slug           string
	Draft          Draft
	Tested         bool // a real login passed with exactly this draft
	Live           bool // this connection has a live revision
	Editing        bool // this connection has a draft revision
	Users          int
	Groups         int
	Rules          int
	Sources        []SourceFact
	PublicURL      string
	PublicURLFixed bool // set at the start of the program: shown, not editable
	Now            time.Time

	parse  ParseFunc                             // see Reading; nil: sso.ParseMetadata
	stored func() (*sso.IdentityProvider, error) // the draft's metadata, read once; nil: whenever somebody asks
}

// SourceFact is a source of people that is there.
type SourceFact struct {
	Slug string
	Name string
	Kind model.SourceKind
	Read bool // it was read once, or pushed once: what it would do here is known
}

// Answers are the fields of a submitted form, by name. A checkbox that is not
// ticked is absent.
type Answers map[string][]string

// Text is the one value of a field, without blanks around it.
func (a Answers) Text(name string) string {
	if v := a[name]; len(v) > 0 {
		return strings.TrimSpace(v[0])
	}
	return ""
}

// Ticked tells whether a checkbox is ticked.
func (a Answers) Ticked(name string) bool { return a.Text(name) != "" }

// FieldKind is how a field is filled in.
type FieldKind string

// Kinds of fields.
const (
	FieldText       FieldKind = "text"
	FieldURL        FieldKind = "url"
	FieldTextarea   FieldKind = "textarea"
	FieldCheckbox   FieldKind = "checkbox"
	FieldRadio      FieldKind = "radio"
	FieldCheckboxes FieldKind = "checkboxes"
	FieldFile       FieldKind = "file"
)

// Option is one choice of a radio or of checkboxes.
type Option struct {
	Value string
	Label string
	Hint  string
}

// Field is one thing to fill in.
type Field struct {
	Name         string // in the form, in Answers and in Problem.Field
	Label        string
	Hint         string
	Kind         FieldKind
	Options      []Option
	Required     bool
	Autocomplete string
	Value        func(Facts) []string // what is stored now, in the form of an answer; nil: nothing to show
	Choices      func(Facts) []Option // what can be chosen where that depends on what is there; comes before Options
	When         func(Facts) bool     // whether the field belongs to this draft; nil: always
}

// Step is one row of the table.
type Step struct {
	ID     StepID
	Phase  string // the phase that begins with this step; empty: it belongs to that of the step before
	Title  string
	Lead   string           // one sentence under the heading
	When   func(Facts) bool // whether the step belongs to this draft; nil: always
	Fields []Field
	Apply  func(*Draft, Facts, Answers) []model.Problem // folds answers into the draft; nil: nothing to submit
	Done   func(Facts) bool                             // derived from facts, never stored
}

// FieldsFor are the fields that belong to the draft at hand.
func (s Step) FieldsFor(fc Facts) []Field {
	var fields []Field
	for _, f := range s.Fields {
		if f.When != nil && !f.When(fc) {
			continue
		}
		if f.Choices != nil {
			f.Options = append(f.Choices(fc), f.Options...)
		}
		fields = append(fields, f)
	}
	return fields
}

// State is where a step stands. The zero value is Locked, so that an unknown
// or forgotten step is closed.
type State int

// States of a step.
const (
	Locked  State = iota
	Open          // done before; an earlier step has to be done again first
	Current       // the first one that is not done
	Done
)

func (s State) String() string {
	switch s {
	case Open:
		return "open"
	case Current:
		return "current"
	case Done:
		return "done"
	default:
		return "locked"
	}
}

// Progress is a step and where it stands.
type Progress struct {
	Step  Step
	State State
}

// Flow is a checked table of steps.
type Flow struct{ steps []Step }

// NewFlow checks a table of steps: ids are unique, every step has a title and a
// way to be done, and fields have somewhere to go. All problems are returned.
func NewFlow(steps ...Step) (*Flow, error) {
	var errs []error
	seen := map[StepID]bool{}
	for i, s := range steps {
		switch {
		case s.ID == "":
			errs = append(errs, fmt.Errorf("step %d has no id", i+1))
		case seen[s.ID]:
			errs = append(errs, fmt.Errorf("step %q is there twice", s.ID))
		}
		seen[s.ID] = true
		if s.Title == "" || s.Lead == "" {
			errs = append(errs, fmt.Errorf("step %q has no title or no lead", s.ID))
		}
		if s.Done == nil {
			errs = append(errs, fmt.Errorf("step %q cannot be done", s.ID))
		}
		if len(s.Fields) > 0 && s.Apply == nil {
			errs = append(errs, fmt.Errorf("step %q has fields but nothing applies them", s.ID))
		}
	}
	if len(steps) == 0 {
		errs = append(errs, errors.New("no steps"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("setup flow: %w", err)
	}
	return &Flow{steps: steps}, nil
}

// Steps are all steps in order, those included that not every draft has.
func (f *Flow) Steps() []Step { return slices.Clone(f.steps) }

// Step finds a step by its id.
func (f *Flow) Step(id StepID) (Step, bool) {
	if i := f.index(id); i >= 0 {
		return f.steps[i], true
	}
	return Step{}, false
}

func (f *Flow) index(id StepID) int {
	return slices.IndexFunc(f.steps, func(s Step) bool { return s.ID == id })
}

// Progress is every step that belongs to the draft, in order, with where it stands.
func (f *Flow) Progress(fc Facts) []Progress {
	progress := make([]Progress, 0, len(f.steps))
	reached, phase := false, "" // the current step; the phase that goes on
	for _, s := range f.steps {
		if s.When != nil && !s.When(fc) {
			continue
		}
		if s.Phase == phase {
			s.Phase = "" // begun by a step that not every draft has
		} else if s.Phase != "" {
			phase = s.Phase
		}
		done := s.Done(fc)
		state := Locked
		switch {
		case !reached && done:
			state = Done
		case !reached:
			state, reached = Current, true
		case done:
			state = Open
		}
		progress = append(progress, Progress{Step: s, State: state})
	}
	return progress
}

// StateOf is where a step stands; Locked for one that is unknown or no part of the draft.
func (f *Flow) StateOf(id StepID, fc Facts) State {
	progress := f.Progress(fc)
	i := stands(progress, id)
	if i < 0 {
		return Locked
	}
	return progress[i].State
}

func stands(progress []Progress, id StepID) int {
	return slices.IndexFunc(progress, func(p Progress) bool { return p.Step.ID == id })
}

// Resume is the step to go on with: the first that is not done, else the last.
func (f *Flow) Resume(fc Facts) StepID {
	for _, p := range f.Progress(fc) {
		if p.State == Current {
			return p.Step.ID
		}
	}
	return f.steps[len(f.steps)-1].ID
}

// Next is the step after id, if it may be visited.
func (f *Flow) Next(id StepID, fc Facts) (StepID, bool) { return f.neighbor(id, fc, +1) }

// Previous is the step before id, if there is one.
func (f *Flow) Previous(id StepID, fc Facts) (StepID, bool) { return f.neighbor(id, fc, -1) }

func (f *Flow) neighbor(id StepID, fc Facts, by int) (StepID, bool) {
	progress := f.Progress(fc)
	i := stands(progress, id)
	if i < 0 || i+by < 0 || i+by >= len(progress) {
		return "", false
	}
	p := progress[i+by]
	return p.Step.ID, p.State != Locked
}

// Submit folds the answers of one step into the draft. With problems the draft
// comes back as it was. A step that is locked, unknown or has nothing to submit
// is a problem without a field.
func (f *Flow) Submit(id StepID, fc Facts, a Answers) (Draft, []model.Problem) {
	s, ok := f.Step(id)
	if !ok || s.Apply == nil || f.StateOf(id, fc) == Locked {
		return fc.Draft, []model.Problem{{Text: "This step is not open. Finish the steps before it first."}}
	}
	draft := fc.Draft.clone()
	if problems := s.Apply(&draft, fc, a); len(problems) > 0 {
		return fc.Draft, problems
	}
	return draft, nil
}
