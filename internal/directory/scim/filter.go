package scim

import (
	"strings"

	filter "github.com/scim2/filter-parser/v2"

	"github.com/postern-sso/postern/internal/model"
)

// readFilter reads the filter of a list: eq, pr, and, brackets, and values chosen in
// brackets. Everything else is an error: an empty list would make the client create
// what is there already.
func (t *resourceType) readFilter(s string) ([]model.SCIMCondition, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, nil
	}
	if err := checkExpression(s, typeFilter); err != nil {
		return nil, err
	}
	e, err := filter.ParseFilter([]byte(plainBrackets(s)))
	if err != nil {
		return nil, bad(typeFilter, "The filter %.200q cannot be read.", s)
	}
	return t.compile(e)
}

func (t *resourceType) compile(e filter.Expression) ([]model.SCIMCondition, error) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		if e.Operator != filter.AND {
			return nil, bad(typeFilter, "Filters may join with “and” only.")
		}
		left, err := t.compile(e.Left)
		if err != nil {
			return nil, err
		}
		right, err := t.compile(e.Right)
		return append(left, right...), err
	case *filter.ValuePath:
		found, err := t.known(e.AttributePath)
		if err != nil {
			return nil, err
		}
		where, err := tests(found.attr, e.ValueFilter)
		return []model.SCIMCondition{{Path: found.keys(), Tests: conditions(where)}}, err
	case *filter.AttributeExpression:
		found, err := t.known(e.AttributePath)
		if err != nil {
			return nil, err
		}
		c, err := found.compare(e)
		return []model.SCIMCondition{c}, err
	}
	return nil, bad(typeFilter, "Only “eq”, “pr”, “and” and brackets are supported.")
}

// known is the attribute of a filter, which must be one that is kept.
func (t *resourceType) known(p filter.AttributePath) (*target, error) {
	found, err := t.resolve(p)
	if err != nil {
		return nil, err
	}
	if found == nil || found.attr.mutable == writeOnly || strings.EqualFold(found.attr.name, "meta") || strings.EqualFold(found.attr.name, "schemas") {
		return nil, bad(typeFilter, "Filters cannot ask for %.100q.", p.String())
	}
	return found, nil
}

// compare is an attribute compared with a value. One with several values is compared
// by each, and one of them must fit.
func (f *target) compare(e *filter.AttributeExpression) (model.SCIMCondition, error) {
	compared := f.attr
	key := ""
	switch value := find(f.attr.sub, "value"); {
	case f.sub != nil:
		compared, key = f.sub, strings.ToLower(f.sub.name)
	case f.attr.kind == kindComplex && value != nil && e.Operator != filter.PR:
		compared, key = value, "value"
	}
	value, err := operand(compared, e)
	return model.SCIMCondition{Path: f.keys(), Tests: []model.SCIMTest{{Key: key, Value: value}}}, err
}

// keys is the way to the attribute in a folded document.
func (f *target) keys() []string {
	if f.extension != nil {
		return []string{strings.ToLower(f.extension.name), strings.ToLower(f.attr.name)}
	}
	return []string{strings.ToLower(f.attr.name)}
}

// plainBrackets turns the form emails[type eq "work"].value eq "x", which Entra sends
// and the grammar does not have, into emails[type eq "work" and value eq "x"].
func plainBrackets(s string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\' && i+1 < len(s):
			b.WriteString(s[i : i+2])
			i++
			continue
		case c == '"':
			quoted = !quoted
		case !quoted && c == ']' && i+1 < len(s) && s[i+1] == '.':
			end := comparisonEnd(s, i+2)
			b.WriteString(" and " + s[i+2:end] + "]")
			i = end - 1
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// comparisonEnd is where a comparison ends that begins at a place: name, operator, and
// but for pr a value.
func comparisonEnd(s string, at int) int {
	word := func() string {
		for at < len(s) && s[at] == ' ' {
			at++
		}
		start := at
		for at < len(s) && !strings.ContainsRune(" ()[]", rune(s[at])) {
			if s[at] == '"' {
				at = quotationEnd(s, at)
				break
			}
			at++
		}
		return s[start:at]
	}
	word()
	if !strings.EqualFold(word(), "pr") {
		word()
	}
	return at
}

// quotationEnd is the place behind a quotation that begins at a place.
func quotationEnd(s string, at int) int {
	for at++; at < len(s); at++ {
		switch s[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(s)
}
