package people

import (
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/kit"
)

// trialShown is how many people a dry run of a rule names; the download has
// all of them.
const trialShown = 50

// RuleChange is a rule before and after: none before is a new one, none after a
// deleted one.
type RuleChange struct {
	before, After *model.Rule
}

// apply is all rules before and after the change.
func (c RuleChange) apply(all []model.Rule) (before, after []model.Rule) {
	for _, r := range all {
		if c.before == nil || r.ID != c.before.ID {
			after = append(after, r)
		}
	}
	if c.After != nil {
		after = append(after, *c.After)
	}
	return all, after
}

// connections are those whose people the change concerns.
func (c RuleChange) connections() []string {
	var slugs []string
	for _, r := range []*model.Rule{c.before, c.After} {
		if r != nil && !slices.Contains(slugs, r.Connection) {
			slugs = append(slugs, r.Connection)
		}
	}
	return slugs
}

func (c RuleChange) groups() []string {
	var names []string
	for _, r := range []*model.Rule{c.before, c.After} {
		if r != nil {
			names = append(names, r.Groups...)
		}
	}
	return names
}

// eachEffect calls f for everybody known on whom the change has an effect, or
// cannot be known to have one. who limits it to one username; empty: everybody.
func (rm *Room) eachEffect(ctx context.Context, c RuleChange, who string, f func(people.RuleEffect) error) error {
	all, err := rm.Store.Rules(ctx)
	if err != nil {
		return err
	}
	before, after := c.apply(all)
	for _, slug := range c.connections() {
		q := store.KnownPeopleQuery{Connection: slug, Groups: c.groups(), Memberships: true}
		judge := func(people []store.KnownPerson) error {
			for _, k := range people {
				if err := f(effectOn(slug, before, after, k)); err != nil {
					return err
				}
			}
			return nil
		}
		if who == "" {
			err = rm.Store.EachKnownPerson(ctx, q, judge)
		} else {
			var people []store.KnownPerson
			if people, err = rm.Store.KnownPeople(ctx, q, []string{who}); err == nil {
				err = judge(people)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func effectOn(slug string, before, after []model.Rule, k store.KnownPerson) people.RuleEffect {
	subject := provision.Subject{UserID: k.User.ID, Memberships: k.Memberships}
	if subject.Received = k.Person != nil; subject.Received {
		subject.Person = *k.Person
	}
	subject.Person.Email = k.User.Email
	e := provision.DryRun(slug, before, after, subject)
	v := people.RuleEffect{User: k.User, Unknown: e.Unknown}
	for _, g := range e.Gains {
		v.Gains = append(v.Gains, people.GroupReason{Group: g.Group, Why: g.Why})
	}
	for _, g := range e.Losses {
		v.Losses = append(v.Losses, people.GroupReason{Group: g.Group, Why: g.Why})
	}
	return v
}

// TryRule sums the effects up.
func (rm *Room) TryRule(ctx context.Context, c RuleChange, who string) (*people.RuleTrial, error) {
	t := &people.RuleTrial{Who: who}
	err := rm.eachEffect(ctx, c, who, func(e people.RuleEffect) error {
		t.People++
		if len(e.Gains) > 0 {
			t.Gain++
		}
		if len(e.Losses) > 0 {
			t.Lose++
		}
		if e.Unknown {
			t.Unknown++
		}
		if (e.Changes() || who != "") && len(t.Effects) < trialShown {
			t.Effects = append(t.Effects, e)
		}
		return nil
	})
	return t, err
}

// Values of the buttons that try a rule instead of saving it.
const (
	tryEverybody = "everybody"
	tryOne       = "one"
	tryList      = "list"
)

// answerTrial answers a press of one of these buttons.
func (rm *Room) answerTrial(w http.ResponseWriter, r *http.Request, a model.Administrator, v people.RulePage, rule model.Rule, c RuleChange) error {
	how := r.PostFormValue("try")
	if how == tryList {
		return rm.writeEffects(w, r, c)
	}
	who := ""
	if how == tryOne {
		if who = kit.Typed(r, "try_username"); who == "" {
			v.Form.Problems = []model.Problem{{Field: "try_username", Text: "Type the username of the person to try it on."}}
			return rm.renderRule(w, r, a, v, rule)
		}
	}
	trial, err := rm.TryRule(r.Context(), c, who)
	if err != nil {
		return err
	}
	if who != "" && trial.People == 0 {
		v.Form.Problems = []model.Problem{{Field: "try_username", Text: "There is no user “" + who + "”."}}
	}
	v.Trial = trial
	return rm.renderRule(w, r, a, v, rule)
}

// writeEffects is everybody whom the change concerns, as CSV. The names of the
// columns are a contract.
func (rm *Room) writeEffects(w http.ResponseWriter, r *http.Request, c RuleChange) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="rule-dry-run.csv"`)
	out := csv.NewWriter(w)
	if err := out.Write([]string{"username", "display_name", "email", "gains", "loses", "known"}); err != nil {
		return nil // the browser is gone
	}
	err := rm.eachEffect(r.Context(), c, "", func(e people.RuleEffect) error {
		if !e.Changes() && !e.Unknown {
			return nil
		}
		known := "yes"
		if e.Unknown {
			known = "not until the person signs in"
		}
		record := []string{e.User.Username, e.User.DisplayName, e.User.Email, effectGroups(e.Gains), effectGroups(e.Losses), known}
		for i := range record {
			record[i] = kit.HarmlessCell(record[i])
		}
		return out.Write(record)
	})
	if err != nil {
		// Half of the file is out: only breaking off tells the browser.
		rm.Log.ErrorContext(r.Context(), "list broken off", "error", err)
		panic(http.ErrAbortHandler)
	}
	out.Flush()
	return nil
}

func effectGroups(groups []people.GroupReason) string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Group
	}
	return strings.Join(names, "; ")
}
