package setup

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/setup"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/forms"
	"github.com/postern-sso/postern/web/kit"
)

// loadStep loads the wizard for a button that belongs to one step.
func (rm *Room) loadStep(r *http.Request, id wizard.StepID) (SetupCase, wizard.Step, error) {
	sc, err := rm.loadSetup(r)
	if errors.Is(err, errNoDraft) {
		return sc, wizard.Step{}, store.ErrNotFound
	}
	if err != nil {
		return sc, wizard.Step{}, err
	}
	step, err := rm.openStep(id, sc)
	return sc, step, err
}

// setupAddUser adds one user from the wizard.
func (rm *Room) setupAddUser(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, step, err := rm.loadStep(r, wizard.StepUsers)
	if err != nil {
		return err
	}
	form := forms.ReadUserForm(r)
	if len(form.Problems) == 0 {
		u, err := rm.Store.CreateUser(r.Context(), rm.Actor(r, a), model.User{
			Username: form.Username, Email: form.Email, DisplayName: form.DisplayName, Active: true, Source: model.UserManual,
		}, nil)
		if err == nil {
			return rm.Done(w, r, paths.SetupStep(sc.Connection.Slug, wizard.StepUsers), "User "+u.Username+" added.")
		}
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		form.Problems = append(form.Problems, forms.UsernameTaken(form.Username))
	}
	f := rm.frame(r, a, sc, step)
	f.Problems, f.Page.Error = form.Problems, true
	v, err := rm.usersPage(r.Context(), f, sc)
	if err != nil {
		return err
	}
	v.New = setup.NewUser{Username: form.Username, Email: form.Email, DisplayName: form.DisplayName}
	return rm.Render(w, r, http.StatusUnprocessableEntity, setup.Users(v))
}

// usersShown is how many users the wizard lists; the others are a link away.
const usersShown = 10

func (rm *Room) usersPage(ctx context.Context, f setup.Frame, sc SetupCase) (setup.UsersPage, error) {
	v := setup.UsersPage{Frame: f, Count: sc.facts.Users, Source: sc.Draft.Config.DirectorySource}
	for _, s := range sc.Sources {
		if s.Slug == v.Source {
			v.Source = s.Name
		}
	}
	if sc.Draft.Config.Provisioning == model.ProvisioningJIT {
		return v, nil
	}
	var err error
	v.Some, _, err = rm.Store.Users(ctx, store.UserQuery{Sort: "username", Page: store.Page{Limit: usersShown}})
	return v, err
}

// groupsShown is how many groups the wizard lists.
const groupsShown = 20

// groupsPage gathers groups, rules and what may be added.
func (rm *Room) groupsPage(ctx context.Context, f setup.Frame, sc SetupCase) (setup.GroupsPage, error) {
	v := setup.GroupsPage{Frame: f}
	groups, next, err := rm.Store.Groups(ctx, store.GroupQuery{Page: store.Page{Limit: groupsShown}})
	if err != nil {
		return v, err
	}
	v.Groups, v.MoreThere = groups, next != ""
	if v.Rules, err = rm.connectionRules(ctx, sc.Connection.Slug); err != nil {
		return v, err
	}
	if v.AWSNames, err = forms.With(rm.Kit).AWSGroupsToChoose(ctx, sc.Connection); err != nil {
		return v, err
	}
	v.Rule.AWSGroups = v.AWSNames
	suggested := wizard.SuggestedGroups(sc.Draft.Config.Apps)
	names := make([]string, 0, len(suggested))
	for _, g := range suggested {
		names = append(names, g.Name)
	}
	known, err := rm.Store.GroupNames(ctx, names)
	if err != nil {
		return v, err
	}
	for _, g := range suggested {
		if known[model.Key(g.Name)] == "" {
			v.Suggested = append(v.Suggested, ui.Choice{Value: g.Name, Label: g.Name, Hint: g.Description, Checked: true})
		}
	}
	v.Choices, err = forms.With(rm.Kit).GroupPicker(ctx, "groups", "They get these groups", nil, "")
	return v, err
}

// setupAddGroups adds the suggested groups that are ticked and those typed in.
func (rm *Room) setupAddGroups(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, step, err := rm.loadStep(r, wizard.StepGroups)
	if err != nil {
		return err
	}
	own := r.PostFormValue(setup.FieldOwn)
	ticked := r.PostForm[setup.FieldSuggested]
	groups, problems := wantedGroups(sc.Draft.Config.Apps, ticked, own)
	if len(groups) == 0 && len(problems) == 0 {
		problems = append(problems, model.Problem{Field: setup.FieldOwn, Text: "Tick a group or type the name of one."})
	}
	if len(problems) == 0 {
		var made groupsMade
		err := rm.Store.InTx(r.Context(), func(tx *store.Store) (err error) {
			made, err = addGroups(r.Context(), tx, rm.Actor(r, a), groups)
			return err
		})
		if err != nil {
			return err
		}
		rm.PutFlash(r, made.flash())
		return kit.SeeOther(w, r, paths.SetupStep(sc.Connection.Slug, wizard.StepGroups))
	}
	f := rm.frame(r, a, sc, step)
	f.Problems, f.Page.Error = problems, true
	v, err := rm.groupsPage(r.Context(), f, sc)
	if err != nil {
		return err
	}
	keepGroups(r, &v)
	return rm.Render(w, r, http.StatusUnprocessableEntity, setup.Groups(v))
}

// keepGroups shows the groups to add as they were ticked and typed.
func keepGroups(r *http.Request, v *setup.GroupsPage) {
	v.Own = r.PostFormValue(setup.FieldOwn)
	for i := range v.Suggested {
		v.Suggested[i].Checked = slices.Contains(r.PostForm[setup.FieldSuggested], v.Suggested[i].Value)
	}
}

// wantedGroups judges the form: ticked suggestions and names, one a line.
func wantedGroups(apps, ticked []string, own string) ([]model.Group, []model.Problem) {
	var groups []model.Group
	var problems []model.Problem
	for _, g := range wizard.SuggestedGroups(apps) {
		if slices.Contains(ticked, g.Name) {
			groups = append(groups, g)
		}
	}
	for line := range strings.Lines(own) {
		name := model.Canonical(line)
		if name == "" {
			continue
		}
		if err := model.CheckGroupName(name); err != nil {
			problems = append(problems, kit.Problem(setup.FieldOwn, "“"+name+"”", err))
			continue
		}
		groups = append(groups, model.Group{Name: name})
	}
	return groups, problems
}

// groupsMade tells what became of the groups that somebody asked for.
type groupsMade struct{ added, known int }

// addGroups makes those groups that do not exist yet, in a transaction of the
// caller's.
func addGroups(ctx context.Context, tx *store.Store, actor model.Actor, groups []model.Group) (made groupsMade, err error) {
	for _, g := range groups {
		_, err := tx.CreateGroup(ctx, actor, g)
		switch {
		case errors.Is(err, store.ErrExists):
			made.known++
		case err != nil:
			return groupsMade{}, err
		default:
			made.added++
		}
	}
	return made, nil
}

// flash says it.
func (m groupsMade) flash() layout.Flash {
	switch {
	case m.added == 0:
		return layout.Flash{Kind: "info", Text: "No group was added: what you named is there already."}
	case m.known == 0:
		return layout.Flash{Kind: "success", Text: ui.Count(m.added, "group", "groups") + " added."}
	default:
		return layout.Flash{Kind: "success", Text: fmt.Sprintf("%s added; %s there already.", ui.Count(m.added, "group", "groups"),
			ui.Count(m.known, "of the names was", "of the names were"))}
	}
}

// setupAddRule adds a rule of this connection.
func (rm *Room) setupAddRule(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sc, step, err := rm.loadStep(r, wizard.StepGroups)
	if err != nil {
		return err
	}
	form, rule, err := forms.With(rm.Kit).ReadRule(r)
	if err != nil {
		return err
	}
	rule.Connection = sc.Connection.Slug
	if len(form.Problems) == 0 {
		_, err := rm.Store.CreateRule(r.Context(), rm.Actor(r, a), rule)
		if err == nil {
			rm.PutFlash(r, forms.RuleSaved(form, "Rule "+rule.Name+" added."))
			return kit.SeeOther(w, r, paths.SetupStep(sc.Connection.Slug, wizard.StepGroups))
		}
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		form.Problems = append(form.Problems, forms.RuleTaken(rule.Name))
	}
	f := rm.frame(r, a, sc, step)
	f.Problems, f.Page.Error = form.Problems, true
	v, err := rm.groupsPage(r.Context(), f, sc)
	if err != nil {
		return err
	}
	form.AWSGroups = v.AWSNames
	v.Rule, v.RuleOpen = form, true
	if v.Choices, err = forms.With(rm.Kit).GroupPicker(r.Context(), "groups", "They get these groups", rule.Groups, ""); err != nil {
		return err
	}
	v.Choices.Problem = ui.ProblemOf(form.Problems, "groups")
	return rm.Render(w, r, http.StatusUnprocessableEntity, setup.Groups(v))
}
