package configdoc

import (
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/postern-sso/postern/internal/model"
)

// groupSettings are all settings of a group, in the document's order.
var groupSettings = []setting[model.Group]{
	nameSetting("name", func(g *model.Group) *string { return &g.Name }, model.CheckGroupName),
	fitSetting("description", func(g *model.Group) *string { return &g.Description }, model.MaxDescription),
	boolSetting("by_hand_only", func(g *model.Group) *bool { return &g.ByHandOnly }),
}

// userSettings are all settings of a user, in the document's order.
var userSettings = []setting[UserState]{
	nameSetting("username", func(u *UserState) *string { return &u.Username }, model.CheckUsername),
	typedSetting("email", func(u *UserState) *string { return &u.Email }, model.Canonical, unlessEmpty(model.CheckEmail)),
	fitSetting("display_name", func(u *UserState) *string { return &u.DisplayName }, model.MaxPersonName),
	fitSetting("first_name", func(u *UserState) *string { return &u.FirstName }, model.MaxPersonName),
	fitSetting("last_name", func(u *UserState) *string { return &u.LastName }, model.MaxPersonName),
	boolSetting("active", func(u *UserState) *bool { return &u.Active }),
	groupsSetting("groups", func(u *UserState) *[]string { return &u.Groups }),
}

// ruleSettings are all settings of a rule, in the document's order.
var ruleSettings = []setting[model.Rule]{
	nameSetting("name", func(r *model.Rule) *string { return &r.Name }, model.CheckGroupName),
	connectionSetting(false, func(r *model.Rule) *string { return &r.Connection }),
	conditionSetting(),
	groupsSetting("groups", func(r *model.Rule) *[]string { return &r.Groups }),
}

// connectionSetting names a connection; where it may be empty, that is none.
func connectionSetting[T any](mayBeEmpty bool, at func(*T) *string) setting[T] {
	s := textSetting("connection", at)
	s.mention = &mention{kind: "connection", emptyIsNone: mayBeEmpty}
	return s
}

// conditionSetting is when a rule applies.
func conditionSetting() setting[model.Rule] {
	return setting[model.Rule]{
		key: "when",
		read: func(r *reader, it item) func(*model.Rule) {
			v, ok := it.lines["when"]
			if !ok {
				return nil
			}
			c, ok := r.when(v)
			if !ok {
				return nil
			}
			return func(to *model.Rule) { to.Kind, to.Attribute, to.Value = c.kind, c.attribute, c.value }
		},
		get: func(r model.Rule) any {
			if r.Kind == model.RuleEmailDomain {
				r.Value = model.CanonicalDomain(r.Value)
			}
			return condition{r.Kind, r.Attribute, r.Value}
		},
	}
}

// condition is a rule's condition as the document has it.
type condition struct {
	kind             model.RuleKind
	attribute, value string
}

// written is the condition with its values as write makes them.
func (c condition) written(write func(string) string) string {
	switch c.kind {
	case model.RuleAlways:
		return "{always: true}"
	case model.RuleAttribute:
		return "{attribute: " + write(c.attribute) + ", equals: " + write(c.value) + "}"
	default:
		return "{" + string(c.kind) + ": " + write(c.value) + "}"
	}
}

// when reads the condition of a rule: exactly one.
func (r *reader) when(v value) (condition, bool) {
	if _, null := v.node.(*ast.NullNode); null {
		r.problem(v, "has no condition. Write {always: true} for a rule that applies to everybody.")
		return condition{}, false
	}
	kinds := model.RuleKinds()
	known := []string{"equals"}
	for _, kind := range kinds {
		known = append(known, string(kind))
	}
	m := r.mapping(v, known...)
	if m == nil {
		return condition{}, false
	}
	var present []string
	for _, kind := range kinds {
		if _, ok := m[string(kind)]; ok {
			present = append(present, string(kind))
		}
	}
	_, equals := m["equals"]
	switch {
	case len(present) == 0 && equals:
		r.problem(v, "“equals” belongs to “attribute”: write {attribute: department, equals: Operations}.")
	case len(present) == 0:
		r.problem(v, "has no condition. Write {always: true} for a rule that applies to everybody.")
	case len(present) > 1:
		r.problem(v, "has more than one condition (%s). Write a rule for each.", strings.Join(present, ", "))
	case equals && present[0] != string(model.RuleAttribute):
		r.problem(m["equals"], "belongs to “attribute”, not to “%s”.", present[0])
	default:
		return r.condition(m, model.RuleKind(present[0]))
	}
	return condition{}, false
}

func (r *reader) condition(m map[string]value, kind model.RuleKind) (condition, bool) {
	v := m[string(kind)]
	if kind == model.RuleAlways {
		if yes, ok := r.boolean(v); ok && !yes {
			r.problem(v, "can only be true. Leave the rule out if it shall not apply.")
		}
		return condition{kind: kind}, true
	}
	s, ok := r.text(v)
	if !ok {
		return condition{}, false
	}
	switch {
	case s == "":
		r.problem(v, "must not be empty.")
	case kind == model.RuleEmailDomain:
		s = model.CanonicalDomain(s)
		r.judge(v, s, []check{model.CheckEmailDomain})
	case kind == model.RuleAttribute:
		equals, ok := m["equals"]
		if !ok {
			r.problem(v, "needs a value: write {attribute: %s, equals: …}.", s)
			return condition{}, false
		}
		value, ok := r.text(equals)
		r.judge(v, s, []check{model.CheckRuleText})
		if ok {
			r.judge(equals, value, []check{model.CheckRuleText})
		}
		return condition{kind, s, value}, ok
	case kind == model.RuleAWSGroup:
		r.judge(v, s, []check{model.CheckRuleText})
	}
	return condition{kind: kind, value: s}, true
}
