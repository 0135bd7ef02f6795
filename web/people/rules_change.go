package people

import (
	"errors"
	"net/http"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/forms"
	"github.com/postern-sso/postern/web/kit"
)

func (rm *Room) createRule(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	f, rule, err := forms.With(rm.Kit).ReadRule(r)
	if err != nil {
		return err
	}
	if len(f.Problems) == 0 && r.PostFormValue("try") != "" {
		return rm.answerTrial(w, r, a, people.RulePage{Form: f, TryUsername: kit.Typed(r, "try_username")}, rule, RuleChange{After: &rule})
	}
	if len(f.Problems) == 0 {
		_, err := rm.Store.CreateRule(r.Context(), rm.Actor(r, a), rule)
		if err == nil {
			rm.PutFlash(r, forms.RuleSaved(f, "Rule "+rule.Name+" added. "+ruleCounts))
			return kit.SeeOther(w, r, paths.Rules)
		}
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		f.Problems = append(f.Problems, forms.RuleTaken(rule.Name))
	}
	return rm.renderRule(w, r, a, people.RulePage{Form: f}, rule)
}

func (rm *Room) updateRule(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	old, err := rm.Store.Rule(r.Context(), kit.PathValue(r, "name"))
	if err != nil {
		return err
	}
	f, rule, err := forms.With(rm.Kit).ReadRule(r)
	if err != nil {
		return err
	}
	if len(f.Problems) == 0 && r.PostFormValue("try") != "" {
		return rm.answerTrial(w, r, a, people.RulePage{Name: old.Name, Form: f, TryUsername: kit.Typed(r, "try_username")}, rule,
			RuleChange{before: &old, After: &rule})
	}
	if len(f.Problems) == 0 {
		_, err := rm.Store.UpdateRule(r.Context(), rm.Actor(r, a), old.Name, func(stored *model.Rule) error {
			stored.Name, stored.Connection, stored.Kind = rule.Name, rule.Connection, rule.Kind
			stored.Attribute, stored.Value, stored.Groups = rule.Attribute, rule.Value, rule.Groups
			return nil
		})
		if err == nil {
			rm.PutFlash(r, forms.RuleSaved(f, ruleSaved(r, rule.Name)))
			return kit.SeeOther(w, r, paths.Rules)
		}
		if !errors.Is(err, store.ErrExists) {
			return err
		}
		f.Problems = append(f.Problems, forms.RuleTaken(rule.Name))
	}
	return rm.renderRule(w, r, a, people.RulePage{Name: old.Name, Form: f}, rule)
}

// ruleCounts is when a change of a rule reaches people.
const ruleCounts = "It counts from the next login on, and for people of a source who have signed in before from its next run, or push about them."

// ruleSaved says what the request has changed of a rule.
func ruleSaved(r *http.Request, name string) string {
	if len(store.Noted(r.Context())) == 0 {
		return "Nothing was changed: rule " + name + " is so already."
	}
	return "Rule " + name + ": " + strings.TrimPrefix(kit.SavedWords(r), "Saved: ") + " " + ruleCounts
}

func (rm *Room) deleteRule(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	rule, err := rm.Store.Rule(r.Context(), kit.PathValue(r, "name"))
	if err != nil {
		return err
	}
	if r.PostFormValue("try") != "" {
		return rm.answerTrial(w, r, a, people.RulePage{Name: rule.Name, Form: ruleForm(rule)}, rule, RuleChange{before: &rule})
	}
	if text := kit.Confirmed(r, rule.Name); text != "" {
		return rm.renderRule(w, r, a, people.RulePage{Name: rule.Name, Form: ruleForm(rule), DeleteText: text}, rule)
	}
	if err := rm.Store.DeleteRule(r.Context(), rm.Actor(r, a), rule.Name); err != nil {
		return err
	}
	return rm.Done(w, r, paths.Rules, "Rule "+rule.Name+" deleted.")
}
