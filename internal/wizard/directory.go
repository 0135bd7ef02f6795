package wizard

import (
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// directoryStep asks where the people of the directory come from. An instance whose
// apps read LDAP themselves needs no source here, nor does one that was set up before
// there were sources.
func directoryStep() Step {
	return Step{
		ID: StepDirectory, Title: "The directory",
		Lead: "Say where Postern learns of your people, so that they are known before they sign in.",
		When: fromDirectory,
		Fields: []Field{{
			Name: FieldDirectory, Label: "Where people come from", Kind: FieldRadio, Required: true, Choices: knownSources,
			Options: []Option{{Value: DirectoryInApps, Label: "The apps read the directory themselves",
				Hint: "Postern only recognizes people. You add them by hand or from a file, and deactivate them here when they leave."}},
			Value: func(fc Facts) []string {
				switch c := fc.Draft.Config; {
				case c.DirectorySource != "":
					return text(sourceAnswer + c.DirectorySource)
				case c.DirectoryInApps:
					return text(DirectoryInApps)
				}
				return nil
			},
		}},
		Apply: applyDirectory, Done: directoryDone,
	}
}

func fromDirectory(fc Facts) bool { return modelOf(fc.Draft.Config) == ModelDirectory }

// knownSources offers the sources that are there.
func knownSources(fc Facts) []Option {
	options := make([]Option, 0, len(fc.Sources))
	for _, s := range fc.Sources {
		o := Option{Value: sourceAnswer + s.Slug, Label: s.Name, Hint: "People come from it, and it says who has left."}
		if !s.Read {
			o.Hint = "It has told of nobody yet, so it cannot be chosen."
		}
		options = append(options, o)
	}
	return options
}

// directoryDone: a source that has told of people once, or none is wanted. Who set up
// the users before this step was there has answered it by that.
func directoryDone(fc Facts) bool {
	c := fc.Draft.Config
	if c.DirectorySource == "" {
		return c.DirectoryInApps || fc.Live || fc.Draft.ticked(StepUsers)
	}
	return slices.ContainsFunc(fc.Sources, func(s SourceFact) bool { return s.Slug == c.DirectorySource && s.Read })
}

func applyDirectory(d *Draft, fc Facts, a Answers) []model.Problem {
	answer := a.Text(FieldDirectory)
	slug, isSource := strings.CutPrefix(answer, sourceAnswer)
	i := slices.IndexFunc(fc.Sources, func(s SourceFact) bool { return s.Slug == slug })
	switch {
	case answer == DirectoryInApps:
		d.Config.DirectorySource, d.Config.DirectoryInApps = "", true
	case !isSource || i < 0:
		return []model.Problem{{Field: FieldDirectory, Text: "Choose where people come from, or connect a source first."}}
	case !fc.Sources[i].Read:
		return []model.Problem{{Field: FieldDirectory, Text: "“" + fc.Sources[i].Name + "” has told of nobody yet. " +
			"Let it run once: a first run changes nothing and shows what it would do."}}
	default:
		d.Config.DirectorySource, d.Config.DirectoryInApps = slug, false
	}
	return nil
}
