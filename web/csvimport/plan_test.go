package csvimport

import (
	"reflect"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	ana := model.User{ID: "1", Username: "Ana", Email: "ana@example.com", DisplayName: "Ana", Active: true, Source: model.UserJIT}
	known := map[string]Known{"ana": {User: ana, Groups: []string{"staff"}}}
	groups := map[string]string{"staff": "staff", "ops": "Ops"}

	with := func(change func(*model.User)) model.User {
		u := ana
		change(&u)
		return u
	}
	tests := []struct {
		name string
		csv  string
		want Step // without Row
	}{
		{"new", "username,email,groups\nbo,bo@example.com,OPS\n", Step{
			New: true, User: model.User{Username: "bo", Email: "bo@example.com", Active: true, Source: model.UserManual},
			AddGroups: []string{"Ops"}, Changes: []string{"email bo@example.com", "group Ops added"},
		}},
		{"new and deactivated", "username,active\nbo,no\n", Step{
			New: true, User: model.User{Username: "bo", Source: model.UserManual}, Changes: []string{"deactivated"},
		}},
		{"unchanged", "username,email,active,groups\nana,ana@example.com,yes,Staff\n", Step{User: ana}},
		{"capital letters do not rename", "username\nANA\n", Step{User: ana}},
		{"empty cells take nothing away", "username,email,display_name,active,groups\nana,,,,\n", Step{User: ana}},
		{"changed", "username,email,last_name\nana,a@example.com,Lima\n", Step{
			User:    with(func(u *model.User) { u.Email, u.LastName = "a@example.com", "Lima" }),
			Changes: []string{"email ana@example.com becomes a@example.com", "last name Lima"},
		}},
		{"deactivated", "username,active\nana,no\n", Step{
			User: with(func(u *model.User) { u.Active = false }), Changes: []string{"deactivated"},
		}},
		{"group added beside another", "username,groups\nana,staff;ops\n", Step{
			User: ana, AddGroups: []string{"Ops"}, Changes: []string{"group Ops added"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			steps, problems := Plan(Parse([]byte(tt.csv)), known, groups)
			if len(problems) > 0 || len(steps) != 1 {
				t.Fatalf("steps %v, problems %v", steps, problems)
			}
			got := steps[0]
			got.Row = Row{}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("step:\n got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestPlanNamesUnknownGroups(t *testing.T) {
	t.Parallel()
	f := Parse([]byte("username,groups\nana,staff;nowhere;never\nbo,staff\n"))
	steps, problems := Plan(f, nil, map[string]string{"staff": "staff"})
	if len(problems) != 2 || problems[0].Line != 2 || !strings.Contains(problems[0].Text, "“nowhere”") || !strings.Contains(problems[1].Text, "“never”") {
		t.Errorf("problems = %v, want both unknown groups of line 2", problems)
	}
	if len(steps) != 1 || steps[0].User.Username != "bo" {
		t.Errorf("steps = %+v, want bo alone", steps)
	}
}
