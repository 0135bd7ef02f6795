package ldap

import (
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// entry is an entry as a server sent it.
type entry struct {
	dn     string
	values map[string][]string // by the attribute's name in lower case, as bytes
}

func newEntry(e *ldap.Entry) entry {
	made := entry{dn: e.DN, values: make(map[string][]string, len(e.Attributes))}
	for _, a := range e.Attributes {
		name := strings.ToLower(a.Name)
		made.values[name] = append(made.values[name], a.Values...)
	}
	return made
}

// raw is the first value as bytes.
func (e entry) raw(attribute string) string {
	if values := e.values[strings.ToLower(attribute)]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// all are the values as text.
func (e entry) all(attribute string) []string {
	var texts []string
	for _, v := range e.values[strings.ToLower(attribute)] {
		if v, _ = text(v); strings.TrimSpace(v) != "" {
			texts = append(texts, strings.TrimSpace(v))
		}
	}
	return texts
}

// first is the first value of the first attribute that has one.
func (e entry) first(attributes ...string) string {
	for _, a := range attributes {
		if values := e.all(a); len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// foreign tells whether one of the attributes holds bytes that are not UTF-8.
func (e entry) foreign(attributes ...string) bool {
	return slices.ContainsFunc(attributes, func(a string) bool {
		return slices.ContainsFunc(e.values[strings.ToLower(a)], func(v string) bool { _, f := text(v); return f })
	})
}

func (e entry) anyStarts(prefix string) bool {
	for name := range e.values {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
