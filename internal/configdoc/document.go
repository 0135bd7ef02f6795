package configdoc

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/postern-sso/postern/internal/model"
)

// Document is a parsed document. A section that is nil was absent.
type Document struct {
	connections *[]connectionDoc
	groups      *[]groupDoc
	rules       *[]ruleDoc
	users       *[]userDoc
	apps        *[]appDoc
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

type groupDoc struct {
	item
	name        string
	description *string
}

type ruleDoc struct {
	item
	name       string
	connection *string
	when       *model.Rule // kind, attribute and value only
	groups     *[]string
}

type userDoc struct {
	item
	username    string
	email       *string
	displayName *string
	active      *bool
	groups      *[]string
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
	m := r.mapping(root, "version", "connections", "groups", "rules", "users", "apps")
	if m == nil {
		return
	}
	r.version(root, m)
	d.connections = section(r, m, "connections", r.connection)
	d.groups = section(r, m, "groups", r.group)
	d.rules = section(r, m, "rules", r.rule)
	d.users = section(r, m, "users", r.user)
	d.apps = section(r, m, "apps", r.app)
	unique(r, d.connections, func(c connectionDoc) (string, value) { return c.slug, c.where("slug") })
	unique(r, d.groups, func(g groupDoc) (string, value) { return g.name, g.where("name") })
	unique(r, d.rules, func(u ruleDoc) (string, value) { return u.name, u.where("name") })
	unique(r, d.users, func(u userDoc) (string, value) { return u.username, u.where("username") })
	unique(r, d.apps, func(a appDoc) (string, value) { return a.slug, a.where("slug") })
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

// nameField reads the field that names a thing, and judges it.
func (r *reader) nameField(at value, m map[string]value, key string, check func(string) error) string {
	if _, ok := m[key]; !ok {
		if m != nil { // else it is known already that this is no mapping
			r.problem(at, "the %s is missing.", key)
		}
		return ""
	}
	s := r.textField(m, key)
	if s == nil {
		return ""
	}
	if err := check(*s); err != nil {
		r.problem(m[key], "“%s” %v.", *s, err)
	}
	return *s
}

func (r *reader) group(v value) groupDoc {
	m := r.mapping(v, "name", "description")
	return groupDoc{item: item{v, m}, name: r.nameField(v, m, "name", model.CheckGroupName), description: r.textField(m, "description")}
}

func (r *reader) user(v value) userDoc {
	m := r.mapping(v, "username", "email", "display_name", "active", "groups")
	u := userDoc{
		item: item{v, m}, username: r.nameField(v, m, "username", model.CheckUsername), email: r.textField(m, "email"),
		displayName: r.textField(m, "display_name"), active: r.boolField(m, "active"), groups: r.textsField(m, "groups"),
	}
	if u.email != nil && *u.email != "" {
		if err := model.CheckEmail(*u.email); err != nil {
			r.problem(m["email"], "“%s” %v.", *u.email, err)
		}
	}
	return u
}

func (r *reader) rule(v value) ruleDoc {
	m := r.mapping(v, "name", "connection", "when", "groups")
	u := ruleDoc{item: item{v, m}, name: r.nameField(v, m, "name", model.CheckGroupName), connection: r.textField(m, "connection"),
		groups: r.textsField(m, "groups")}
	if w, ok := m["when"]; ok {
		u.when = r.when(w)
	}
	return u
}

// when reads the condition of a rule: exactly one.
func (r *reader) when(v value) *model.Rule {
	if _, null := v.node.(*ast.NullNode); null {
		r.problem(v, "has no condition. Write {always: true} for a rule that applies to everybody.")
		return nil
	}
	m := r.mapping(v, "always", "email_domain", "attribute", "equals", "aws_group")
	if m == nil {
		return nil
	}
	var present []string
	for _, key := range []string{"always", "email_domain", "attribute", "aws_group"} {
		if _, ok := m[key]; ok {
			present = append(present, key)
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
	case equals && present[0] != "attribute":
		r.problem(m["equals"], "belongs to “attribute”, not to “%s”.", present[0])
	default:
		return r.condition(m, present[0])
	}
	return nil
}

func (r *reader) condition(m map[string]value, key string) *model.Rule {
	if key == "always" {
		if b := r.boolField(m, key); b != nil && !*b {
			r.problem(m[key], "can only be true. Leave the rule out if it shall not apply.")
		}
		return &model.Rule{Kind: model.RuleAlways}
	}
	s := r.textField(m, key)
	if s == nil {
		return nil
	}
	if *s == "" {
		r.problem(m[key], "must not be empty.")
		return nil
	}
	switch key {
	case "email_domain":
		if err := checkDomain(*s); err != nil {
			r.problem(m[key], "%v.", err)
		}
		return &model.Rule{Kind: model.RuleEmailDomain, Value: *s}
	case "aws_group":
		return &model.Rule{Kind: model.RuleAWSGroup, Value: *s}
	default:
		if _, ok := m["equals"]; !ok {
			r.problem(m[key], "needs a value: write {attribute: %s, equals: …}.", *s)
		}
		rule := &model.Rule{Kind: model.RuleAttribute, Attribute: *s}
		if equals := r.textField(m, "equals"); equals != nil {
			rule.Value = *equals
		}
		return rule
	}
}

// checkDomain says what is wrong with an email domain.
func checkDomain(s string) error {
	if strings.HasPrefix(s, "@") || !strings.Contains(s, ".") || strings.Contains(s, "*") || model.CheckEmail("a@"+s) != nil {
		return fmt.Errorf("“%s” is not an email domain such as example.com", s)
	}
	return nil
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
	if d.rules != nil {
		for _, u := range *d.rules {
			if u.connection != nil {
				visit(u.item, "connection", "connection", *u.connection)
			}
			visitGroups(u.item, u.groups, visit)
		}
	}
	if d.users != nil {
		for _, u := range *d.users {
			visitGroups(u.item, u.groups, visit)
		}
	}
	if d.apps != nil {
		for _, a := range *d.apps {
			if a.connection != nil && *a.connection != "" {
				visit(a.item, "connection", "connection", *a.connection)
			}
			visitGroups(a.item, a.groups, visit)
		}
	}
}

func visitGroups(it item, groups *[]string, visit func(it item, field, kind, name string)) {
	if groups == nil {
		return
	}
	for _, g := range *groups {
		visit(it, "groups", "group", g)
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
		names[model.Key(g.name)] = true
	}
	return names
}
