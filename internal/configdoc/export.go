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
		w.thing(exported(groupSettings, g))
	}
	w.section("rules", len(s.Rules))
	for _, r := range sortedBy(s.Rules, func(r model.Rule) string { return model.Key(r.Name) }) {
		w.thing(exported(ruleSettings, r))
	}
	w.section("users", len(s.Users))
	for _, u := range sortedBy(s.Users, func(u UserState) string { return model.Key(u.Username) }) {
		w.thing(exported(userSettings, u))
	}
	w.section("apps", len(s.Apps))
	for _, a := range sortedBy(s.Apps, func(a model.App) string { return a.Slug }) {
		w.thing(exported(appSettings, a))
	}
	w.section("sources", len(s.Sources))
	for _, src := range sortedBy(s.Sources, func(s model.Source) string { return s.Slug }) {
		w.thing(exported(sourceSettings, src))
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
	w.thing(append([]field{{"slug", c.Slug}, {"status", string(c.Status)}}, exported(configSettings, rev.Config)...))
	return nil
}

// thing writes an item of a list, with a mapping for keys that have a dot.
func (w *writer) thing(fields []field) {
	begin, open := "  - ", []string{} // mappings that are open, from the outside
	for _, f := range fields {
		keys := strings.Split(f.key, ".")
		last := len(keys) - 1
		for i, outer := range keys[:last] {
			if i < len(open) && open[i] == outer {
				continue
			}
			w.line(begin + strings.Repeat("  ", i) + outer + ":")
			begin, open = "    ", append(open[:i:i], outer)
		}
		open = open[:last]
		indent := strings.Repeat("  ", last)
		w.line(begin + indent + keys[last] + ": " + written(f.value, "    "+indent+"  "))
		begin = "    "
	}
}

// written is a value behind its key.
func written(v any, indent string) string {
	switch x := v.(type) {
	case bool:
		return strconv.FormatBool(x)
	case []string:
		return flow(x)
	case names:
		return flow(x)
	case int:
		return strconv.Itoa(x)
	case pairs:
		return x.written(scalar)
	case condition:
		return x.written(scalar)
	default:
		s := fmt.Sprint(x)
		if fitsBlock(s) {
			return block(s, indent)
		}
		return scalar(s)
	}
}
