package configdoc

import (
	"github.com/goccy/go-yaml/ast"

	"github.com/postern-sso/postern/internal/model"
)

// Document is a parsed document. A section that is nil was absent.
type Document struct {
	connections *[]connectionDoc
	groups      *[]thing[model.Group]
	rules       *[]thing[model.Rule]
	users       *[]thing[UserState]
	apps        *[]thing[model.App]
	sources     *[]thing[model.Source]
}

// item is what the things of all sections have in common.
type item struct {
	at    value            // the thing itself
	lines map[string]value // its fields
}

// where is the line and path of a field, or of the thing when the document does
// not have the field.
func (it item) where(field string) value {
	if v, ok := it.lines[field]; ok {
		return v
	}
	return it.at
}

// Parse reads a document. readFile gets the file that idp_metadata_file names,
// as it is written in the document. All problems are returned, and then no
// document.
func Parse(data []byte, readFile func(name string) ([]byte, error)) (*Document, Problems) {
	r := &reader{readFile: readFile}
	d := &Document{}
	if root := r.root(data); root != nil {
		r.document(*root, d)
		r.references(d)
	}
	if len(r.problems) > 0 {
		return nil, r.problems.sorted()
	}
	return d, nil
}

func (r *reader) document(root value, d *Document) {
	m := r.mapping(root, "version", "connections", "groups", "rules", "users", "apps", "sources")
	if m == nil {
		return
	}
	r.version(root, m)
	d.connections = section(r, m, "connections", r.connection)
	d.groups = section(r, m, "groups", things(r, groupSettings))
	d.rules = section(r, m, "rules", things(r, ruleSettings))
	d.users = section(r, m, "users", things(r, userSettings))
	d.apps = section(r, m, "apps", things(r, appSettings))
	d.sources = section(r, m, "sources", things(r, sourceSettings))
	unique(r, d.sources, func(s thing[model.Source]) (string, value) { return s.said().Slug, s.where("slug") })
	unique(r, d.connections, func(c connectionDoc) (string, value) { return c.slug, c.where("slug") })
	unique(r, d.groups, func(g thing[model.Group]) (string, value) { return g.said().Name, g.where("name") })
	unique(r, d.rules, func(u thing[model.Rule]) (string, value) { return u.said().Name, u.where("name") })
	unique(r, d.users, func(u thing[UserState]) (string, value) { return u.said().Username, u.where("username") })
	unique(r, d.apps, func(a thing[model.App]) (string, value) { return a.said().Slug, a.where("slug") })
}

func (r *reader) version(root value, m map[string]value) {
	v, ok := m["version"]
	if !ok {
		r.problem(root, "the version is missing. Begin with “version: 1”.")
		return
	}
	if n, ok := v.node.(*ast.IntegerNode); !ok || n.String() != "1" {
		r.problem(v, "must be 1.")
	}
}

// section reads a list of things; nil when the key is absent.
func section[T any](r *reader, m map[string]value, key string, read func(value) T) *[]T {
	v, ok := m[key]
	if !ok {
		return nil
	}
	items, ok := r.list(v)
	if !ok {
		return nil
	}
	things := make([]T, 0, len(items))
	for _, it := range items {
		things = append(things, read(it))
	}
	return &things
}

// unique finds things whose names are one name by model.Key.
func unique[T any](r *reader, things *[]T, name func(T) (string, value)) {
	if things == nil {
		return
	}
	seen := map[string]value{}
	for _, t := range *things {
		n, v := name(t)
		key := model.Key(n)
		if first, twice := seen[key]; twice && n != "" {
			r.problem(v, "“%s” is there twice; the first is on line %d.", n, first.line)
			continue
		}
		seen[key] = v
	}
}

// things reads the things of a section by the rows of their keys.
func things[T any](r *reader, rows []setting[T]) func(value) thing[T] {
	return func(v value) thing[T] { return readThing(r, v, rows) }
}

// references checks names of groups and connections that the document itself
// must have: those whose section is present. The others are judged against the
// database by Plan.
func (r *reader) references(d *Document) {
	connections, groups := d.namedConnections(), d.namedGroups()
	d.eachReference(func(it item, field, kind, name string) {
		known := groups
		if kind == "connection" {
			known = connections
		}
		if known != nil && !known[model.Key(name)] {
			r.problem(it.where(field), "%s “%s” is not in this document. A section that is present is the whole truth.", kind, name)
		}
	})
}

// eachReference visits every name of a group or connection that a rule, a user
// or an app mentions.
func (d *Document) eachReference(visit func(it item, field, kind, name string)) {
	eachMention(d.rules, ruleSettings, visit)
	eachMention(d.users, userSettings, visit)
	eachMention(d.apps, appSettings, visit)
	eachMention(d.sources, sourceSettings, visit)
}

func eachMention[T any](things *[]thing[T], rows []setting[T], visit func(it item, field, kind, name string)) {
	if things == nil {
		return
	}
	for _, t := range *things {
		t.mentions(rows, visit)
	}
}

// namedConnections are the keys of the document's connections; nil when the
// section is absent.
func (d *Document) namedConnections() map[string]bool {
	if d.connections == nil {
		return nil
	}
	names := map[string]bool{}
	for _, c := range *d.connections {
		names[model.Key(c.slug)] = true
	}
	return names
}

// namedGroups are the keys of the document's groups; nil when the section is
// absent.
func (d *Document) namedGroups() map[string]bool {
	if d.groups == nil {
		return nil
	}
	names := map[string]bool{}
	for _, g := range *d.groups {
		names[model.Key(g.said().Name)] = true
	}
	return names
}
