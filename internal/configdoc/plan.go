package configdoc

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// Change is one thing that applying a document does.
type Change struct {
	Object   string // connection, group, rule, user, source or app
	Name     string
	Key      string // of the document, or "create", "remove" and the like
	From, To string // as the document writes it; long texts in words
	Text     string // "create", "remove", "clock_skew 3m → 2m"
}

// edit is a change without what it is made to.
type edit struct{ key, from, to, text string }

// act is an edit that is no change of a value.
func act(key, text string) []edit { return []edit{{key: key, text: text}} }

// String is the change on one line, for example "connection aws: clock_skew 3m → 2m".
func (c Change) String() string { return c.Object + " " + c.Name + ": " + c.Text }

// step is one write to the database and the changes that it makes.
type step struct {
	changes []Change
	run     func(context.Context, *store.Store, model.Actor) error
}

// plan is what a document does to a state.
type plan struct {
	doc      *Document
	have     State
	steps    []step
	problems Problems
}

// Plan says what Apply would do to the database, which is in the given state.
// The error is of type Problems when the document does not fit that state.
func (d *Document) Plan(s State) ([]Change, error) {
	steps, err := d.plan(s)
	if err != nil {
		return nil, err
	}
	return changesOf(steps), nil
}

func changesOf(steps []step) []Change {
	var changes []Change
	for _, st := range steps {
		changes = append(changes, st.changes...)
	}
	return changes
}

// plan puts the steps in an order in which each finds what it refers to: things
// are made before they are named, and named no more before they are removed.
func (d *Document) plan(s State) ([]step, error) {
	p := &plan{doc: d, have: s}
	p.references()
	p.connections()
	p.groups()
	p.rules()
	p.users()
	p.removeGroups()
	p.removeConnections()
	p.apps()
	p.sources()
	if len(p.problems) > 0 {
		return nil, p.problems.sorted()
	}
	return p.steps, nil
}

func (p *plan) problem(v value, format string, args ...any) {
	p.problems = append(p.problems, Problem{Line: v.line, Path: v.path, Text: fmt.Sprintf(format, args...)})
}

// do adds a step, unless it changes nothing.
func (p *plan) do(object, name string, edits []edit, run func(context.Context, *store.Store, model.Actor) error) {
	if len(edits) == 0 {
		return
	}
	changes := make([]Change, len(edits))
	for i, e := range edits {
		changes[i] = Change{Object: object, Name: name, Key: e.key, From: e.from, To: e.to, Text: e.text}
	}
	p.steps = append(p.steps, step{changes: changes, run: run})
}

// differs is the change from one value to another; none when they are the same.
func differs(key string, from, to any) []edit {
	if equalValues(from, to) {
		return nil
	}
	a, b := shown(from), shown(to)
	if a == b { // long texts of the same length
		b = "other content"
	}
	return []edit{changed(key, a, b)}
}

func changed(key, from, to string) edit {
	return edit{key: key, from: from, to: to, text: key + " " + from + " → " + to}
}

func equalValues(a, b any) bool {
	switch x := a.(type) {
	case []string:
		return slices.Equal(x, b.([]string))
	case names:
		return x.equal(b.(names))
	case pairs:
		return maps.Equal(x, b.(pairs))
	case condition:
		return shown(x) == shown(b) // what a kind has no use for does not count
	default:
		return a == b
	}
}

// references judges the names that the document mentions without having their
// section: they must be in the database.
func (p *plan) references() {
	connections, groups := map[string]bool{}, map[string]bool{}
	for _, c := range p.have.Connections {
		connections[model.Key(c.Slug)] = true
	}
	for _, g := range p.have.Groups {
		groups[model.Key(g.Name)] = true
	}
	p.doc.eachReference(func(it item, field, kind, name string) {
		switch {
		case kind == "group" && p.doc.groups == nil && !groups[model.Key(name)],
			kind == "connection" && p.doc.connections == nil && !connections[model.Key(name)]:
			p.problem(it.where(field), "%s “%s” does not exist, and the document does not make it.", kind, name)
		}
	})
}

func (p *plan) groups() {
	if p.doc.groups == nil {
		return
	}
	have := byKey(p.have.Groups, func(g model.Group) string { return g.Name })
	for _, doc := range *p.doc.groups {
		name := doc.said().Name
		before, exists := have[model.Key(name)]
		if !exists {
			p.do("group", name, act("create", "create"), func(ctx context.Context, st *store.Store, actor model.Actor) error {
				_, err := st.CreateGroup(ctx, actor, doc.said())
				return err
			})
			continue
		}
		changes := differences(groupSettings, before, doc.apply(before))
		p.do("group", before.Name, changes, func(ctx context.Context, st *store.Store, actor model.Actor) error {
			_, err := st.UpdateGroup(ctx, actor, before.Name, func(g *model.Group) error {
				*g = doc.apply(*g)
				return nil
			})
			return err
		})
	}
}

// removeGroups removes the groups that the document does not name, and with
// them every membership. What rules lose by it is said with the rules.
func (p *plan) removeGroups() {
	if p.doc.groups == nil {
		return
	}
	wanted := p.doc.namedGroups()
	for _, g := range p.have.Groups {
		if wanted[model.Key(g.Name)] {
			continue
		}
		text := "remove"
		if g.Members > 0 {
			text = "remove, with " + model.Number(g.Members) + " members"
			if g.Members > model.MembersCounted {
				text = "remove, with more than " + model.Number(model.MembersCounted) + " members"
			}
		}
		p.do("group", g.Name, act("remove", text), func(ctx context.Context, st *store.Store, actor model.Actor) error {
			return st.DeleteGroup(ctx, actor, g.Name)
		})
	}
}

func (p *plan) apps() {
	if p.doc.apps == nil {
		return
	}
	have := byKey(p.have.Apps, func(a model.App) string { return a.Slug })
	wanted := map[string]bool{}
	for _, doc := range *p.doc.apps {
		slug := doc.said().Slug
		wanted[slug] = true
		before, exists := have[slug]
		after := p.app(doc, before, exists)
		changes := act("create", "create")
		if exists {
			changes = differences(appSettings, before, after)
		}
		p.do("app", slug, changes, func(ctx context.Context, st *store.Store, actor model.Actor) error {
			return st.SaveApp(ctx, actor, after)
		})
	}
	for _, a := range p.have.Apps {
		if !wanted[a.Slug] {
			p.do("app", a.Slug, act("remove", "remove"), func(ctx context.Context, st *store.Store, actor model.Actor) error {
				return st.DeleteApp(ctx, actor, a.Slug)
			})
		}
	}
}

// app is an app as the document wants it, judged as a whole.
func (p *plan) app(doc thing[model.App], before model.App, exists bool) model.App {
	if !exists {
		before = newApp()
	}
	a := doc.apply(before)
	if a.AllGroups {
		a.Groups = nil
	}
	if !exists && !doc.says("kind") {
		p.problem(doc.at, "a new app needs its kind: %s or %s.", model.AppOIDC, model.AppCrowd)
	}
	if a.Name == "" {
		p.problem(doc.where("name"), "an app needs a name.")
	}
	if a.Kind == model.AppCrowd && len(a.RedirectURIs) > 0 {
		p.problem(doc.where("redirect_uris"), "redirect_uris belong to apps of kind %s.", model.AppOIDC)
	}
	if a.Kind == model.AppCrowd && a.StartURL != "" {
		p.problem(doc.where("start_url"), "start_url belongs to apps of kind %s.", model.AppOIDC)
	}
	if a.Kind == model.AppOIDC && len(a.AllowedIPs) > 0 {
		p.problem(doc.where("allowed_ips"), "allowed_ips belong to apps of kind %s.", model.AppCrowd)
	}
	return a
}

// byKey finds things by the key of their name.
func byKey[T any](things []T, name func(T) string) map[string]T {
	m := make(map[string]T, len(things))
	for _, t := range things {
		m[model.Key(name(t))] = t
	}
	return m
}
