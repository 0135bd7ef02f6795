package configdoc

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// Export writes the whole configuration as one document: the same bytes for the
// same state. Secrets are not part of it. Every setting is written, the empty
// ones too, so that applying an old export brings everything back. A connection
// is written as its live revision says, or its draft when it has never been
// live.
func Export(s State) ([]byte, error) {
	w := &writer{}
	w.line("version: 1")
	w.section("connections", len(s.Connections))
	for _, c := range sortedBy(s.Connections, func(c model.Connection) string { return c.Slug }) {
		if err := w.connection(c); err != nil {
			return nil, err
		}
	}
	w.section("groups", len(s.Groups))
	for _, g := range sortedBy(s.Groups, func(g model.Group) string { return model.Key(g.Name) }) {
		w.line("  - name: " + scalar(g.Name))
		w.line("    description: " + scalar(g.Description))
	}
	w.section("rules", len(s.Rules))
	for _, r := range sortedBy(s.Rules, func(r model.Rule) string { return model.Key(r.Name) }) {
		w.rule(r)
	}
	w.section("users", len(s.Users))
	for _, u := range sortedBy(s.Users, func(u UserState) string { return model.Key(u.Username) }) {
		w.line("  - username: " + scalar(u.Username))
		w.line("    email: " + scalar(u.Email))
		w.line("    display_name: " + scalar(u.DisplayName))
		w.line("    active: " + strconv.FormatBool(u.Active))
		w.line("    groups: " + flow(sortedNames(u.Groups)))
	}
	w.section("apps", len(s.Apps))
	for _, a := range sortedBy(s.Apps, func(a model.App) string { return a.Slug }) {
		w.app(a)
	}
	return w.Bytes(), nil
}

func sortedBy[T any](items []T, key func(T) string) []T {
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	return items
}

func sortedNames(names []string) []string { return sortedBy(names, model.Key) }

type writer struct{ bytes.Buffer }

func (w *writer) line(s string) { w.WriteString(s + "\n") }

// section begins a list; an empty one is said to be empty.
func (w *writer) section(key string, length int) {
	if length == 0 {
		w.line(key + ": []")
		return
	}
	w.line(key + ":")
}

func (w *writer) connection(c model.Connection) error {
	rev := c.Current()
	if rev == nil {
		return fmt.Errorf("export connection %s: it has neither a live revision nor a draft", c.Slug)
	}
	w.line("  - slug: " + scalar(c.Slug))
	w.line("    status: " + string(c.Status))
	group := ""
	for _, f := range configFields(rev.Config) {
		key, indent := f.key, "    "
		if outer, inner, nested := strings.Cut(f.key, "."); nested {
			if outer != group {
				w.line("    " + outer + ":")
				group = outer
			}
			key, indent = inner, "      "
		}
		if f.key == "provisioning" && f.value == "" {
			continue // not chosen yet; there is no word for that
		}
		w.line(indent + key + ": " + written(f.value, indent+"  "))
	}
	return nil
}

// written is a value behind its key.
func written(v any, indent string) string {
	switch x := v.(type) {
	case bool:
		return strconv.FormatBool(x)
	case []string:
		return flow(x)
	default:
		s := fmt.Sprint(x)
		if fitsBlock(s) {
			return block(s, indent)
		}
		return scalar(s)
	}
}

func (w *writer) rule(r model.Rule) {
	w.line("  - name: " + scalar(r.Name))
	w.line("    connection: " + scalar(r.Connection))
	switch r.Kind {
	case model.RuleAlways:
		w.line("    when: {always: true}")
	case model.RuleEmailDomain, model.RuleAWSGroup:
		w.line("    when: {" + string(r.Kind) + ": " + scalar(r.Value) + "}")
	case model.RuleAttribute:
		w.line("    when: {attribute: " + scalar(r.Attribute) + ", equals: " + scalar(r.Value) + "}")
	}
	w.line("    groups: " + flow(sortedNames(r.Groups)))
}

func (w *writer) app(a model.App) {
	w.line("  - slug: " + scalar(a.Slug))
	for _, f := range appExport(a) {
		w.line("    " + f.key + ": " + written(f.value, "      "))
	}
}
