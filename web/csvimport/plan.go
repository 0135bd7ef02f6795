package csvimport

import (
	"fmt"

	"github.com/postern-sso/postern/internal/model"
)

// Known is what is known already about a user that a file names.
type Known struct {
	User   model.User
	Groups []string // those the user is in by hand
}

// Step is what an import does about one row.
type Step struct {
	Row       Row
	New       bool
	User      model.User // as it shall be
	AddGroups []string   // as the groups are named here
	Changes   []string   // what differs, in words; empty: nothing to do
}

// Plan compares a file with what is known: users by model.Key of the username,
// groups by model.Key of the name. A column that the file does not have and an
// empty cell leave a user as they are, and groups are only ever added, so that
// no file takes anything away by what it leaves out. A group that does not
// exist is a problem of its row.
func Plan(f File, known map[string]Known, groups map[string]string) ([]Step, []Problem) {
	var steps []Step
	var problems []Problem
	for _, row := range f.Rows {
		missing := false
		for _, g := range row.Groups {
			if _, ok := groups[model.Key(g)]; !ok {
				missing = true
				problems = append(problems, Problem{Line: row.Line, Text: fmt.Sprintf(
					"There is no group “%s”. Add it on the Groups page first, or remove it from the file.", clip(g))})
			}
		}
		if !missing {
			steps = append(steps, step(row, known, groups))
		}
	}
	return steps, problems
}

func step(row Row, known map[string]Known, groups map[string]string) Step {
	k, exists := known[model.Key(row.Username)]
	s := Step{Row: row, New: !exists, User: k.User}
	if s.New {
		s.User = model.User{Username: row.Username, Active: true, Source: model.UserManual}
	}
	s.text("email", &s.User.Email, row.Email)
	s.text("display name", &s.User.DisplayName, row.DisplayName)
	s.text("first name", &s.User.FirstName, row.FirstName)
	s.text("last name", &s.User.LastName, row.LastName)
	if row.Active != nil && *row.Active != s.User.Active {
		s.User.Active = *row.Active
		if s.User.Active {
			s.Changes = append(s.Changes, "activated")
		} else {
			s.Changes = append(s.Changes, "deactivated")
		}
	}
	in := map[string]bool{}
	for _, g := range k.Groups {
		in[model.Key(g)] = true
	}
	for _, g := range row.Groups {
		if key := model.Key(g); !in[key] {
			s.AddGroups = append(s.AddGroups, groups[key])
			s.Changes = append(s.Changes, "group "+groups[key]+" added")
		}
	}
	return s
}

// text sets a field to what the file says, where it says something else.
func (s *Step) text(name string, field *string, value string) {
	if value == "" || *field == value {
		return
	}
	if s.New || *field == "" {
		s.Changes = append(s.Changes, name+" "+value)
	} else {
		s.Changes = append(s.Changes, name+" "+*field+" becomes "+value)
	}
	*field = value
}
