package scim

import (
	"encoding/json"
	"regexp"
	"strings"

	filter "github.com/scim2/filter-parser/v2"

	"github.com/postern-sso/postern/internal/model"
)

// target is what an operation of a PATCH is about.
type target struct {
	extension *attribute // nil: an attribute of the resource itself
	attr      *attribute // nil: the whole extension
	where     []test     // of an attribute with several values: which of them
	sub       *attribute // nil: the value itself
}

// test is what one value must fulfill.
type test struct {
	attr  *attribute // of the value; nil: the value itself
	value any        // string or bool; nil: it is present
}

// locate reads a path. nil without an error: there is such a path, but the schema
// does not have it, and it is ignored.
func (e *edit) locate(path string) (*target, error) {
	if a := e.of.attribute(path); a != nil {
		return &target{attr: a}, nil
	}
	if ext := e.of.extension; ext != nil && strings.EqualFold(path, ext.name) {
		return &target{attr: ext}, nil
	}
	p, plain := readUsualPath(path)
	if !plain {
		if e.parsed += len(path); e.parsed > maxParsed {
			return nil, bad(typePath, "The request has too many paths of an unusual form.")
		}
		var err error
		if p, err = readPath(path); err != nil {
			return nil, err
		}
	}
	return e.of.target(p, path)
}

// maxParsed is how much of paths of an unusual form one request may have, in bytes:
// reading them is slow.
const maxParsed = 4 * maxFilter

// usualPath is the form of nearly every path: a name, with a URN before it, one value
// chosen by what it equals, and a part.
var usualPath = regexp.MustCompile(`^(?:(urn:[A-Za-z0-9:.]+):)?([A-Za-z][\w-]*)(?:\[([A-Za-z][\w-]*) +[eE][qQ] +"([^"\\]*)"\])?(?:\.([A-Za-z$][\w$-]*))?$`)

// readUsualPath reads a path of the usual form, as readPath would.
func readUsualPath(path string) (p filter.Path, ok bool) {
	m := usualPath.FindStringSubmatchIndex(path)
	if m == nil {
		return p, false
	}
	group := func(i int) *string {
		if m[2*i] < 0 {
			return nil
		}
		s := path[m[2*i]:m[2*i+1]]
		return &s
	}
	p.AttributePath = filter.AttributePath{URIPrefix: group(1), AttributeName: *group(2)}
	part := group(5)
	if by := group(3); by != nil {
		p.ValueExpression = &filter.AttributeExpression{AttributePath: filter.AttributePath{AttributeName: *by}, Operator: filter.EQ, CompareValue: *group(4)}
		p.SubAttribute = part
	} else {
		p.AttributePath.SubAttribute = part
	}
	return p, true
}

// readPath reads any path.
func readPath(path string) (filter.Path, error) {
	if err := checkExpression(path, typePath); err != nil {
		return filter.Path{}, err
	}
	p, err := filter.ParsePath([]byte(path))
	if err != nil {
		return p, bad(typePath, "The path %.200q cannot be read.", path)
	}
	return p, nil
}

// target is what a path is about; nil: nothing that is kept.
func (t *resourceType) target(p filter.Path, path string) (*target, error) {
	found, err := t.resolve(p.AttributePath)
	if err != nil || found == nil {
		return nil, err
	}
	if p.ValueExpression == nil {
		return found, nil
	}
	if !found.attr.many || found.sub != nil {
		return nil, bad(typePath, "%s has one value, so %.200q chooses nothing.", found.attr.name, path)
	}
	if found.where, err = tests(found.attr, p.ValueExpression); err != nil {
		return nil, err
	}
	if p.SubAttribute != nil {
		if found.sub = find(found.attr.sub, *p.SubAttribute); found.sub == nil {
			return nil, nil //nolint:nilnil // see above
		}
	}
	return found, nil
}

// resolve finds the attribute that a path names; nil: the schema does not have it.
func (t *resourceType) resolve(p filter.AttributePath) (*target, error) {
	uri := strings.TrimSuffix(p.URI(), ":")
	found := &target{}
	switch {
	case uri == "" || strings.EqualFold(uri, t.urn):
		found.attr = t.attribute(p.AttributeName)
	case t.extension != nil && strings.EqualFold(uri, t.extension.name):
		found.extension = t.extension
		found.attr = find(t.extension.sub, p.AttributeName)
	}
	if found.attr == nil {
		return nil, nil //nolint:nilnil // see above
	}
	if p.SubAttribute != nil {
		if found.sub = find(found.attr.sub, *p.SubAttribute); found.sub == nil {
			return nil, nil //nolint:nilnil // see above
		}
	}
	return found, nil
}

// tests are what an expression demands of one value of an attribute.
func tests(a *attribute, e filter.Expression) ([]test, error) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		if e.Operator != filter.AND {
			return nil, bad(typeFilter, "Filters may join with “and” only.")
		}
		left, err := tests(a, e.Left)
		if err != nil {
			return nil, err
		}
		right, err := tests(a, e.Right)
		return append(left, right...), err
	case *filter.AttributeExpression:
		sub := find(a.sub, e.AttributePath.AttributeName)
		if sub == nil || e.AttributePath.SubAttribute != nil || e.AttributePath.URIPrefix != nil {
			return nil, bad(typeFilter, "%s has no %.100q.", a.name, e.AttributePath.String())
		}
		value, err := operand(sub, e)
		return []test{{attr: sub, value: value}}, err
	}
	return nil, bad(typeFilter, "Only “eq”, “pr” and “and” are supported in brackets.")
}

// operand is what an attribute is compared with; nil: it is to be present.
func operand(a *attribute, e *filter.AttributeExpression) (any, error) {
	if e.Operator == filter.PR {
		return nil, nil //nolint:nilnil // see above
	}
	if e.Operator != filter.EQ {
		return nil, bad(typeFilter, "The operator %q is not supported: only “eq” and “pr” are.", e.Operator)
	}
	value := e.CompareValue
	if s, ok := value.(string); ok { // as it was written, with its escapes
		if err := json.Unmarshal([]byte(`"`+s+`"`), &s); err != nil {
			return nil, bad(typeFilter, "The text %.200q cannot be read.", s)
		}
		value = s
	}
	switch a.kind {
	case kindComplex:
		return nil, bad(typeFilter, "%s has parts, so it equals nothing. Name one of them.", a.name)
	case kindBoolean:
		v, err := canonicalBool(a, value)
		if err != nil {
			return nil, bad(typeFilter, "%s is compared with true or false.", a.name)
		}
		return v, nil
	}
	s, ok := value.(string)
	if !ok {
		return nil, bad(typeFilter, "%s is compared with a text in quotation marks.", a.name)
	}
	return a.fold(s), nil
}

// checkExpression bounds a filter or a path before it is parsed.
func checkExpression(s, kind string) error {
	if len(s) > maxFilter {
		return bad(kind, "It is longer than %d bytes.", maxFilter)
	}
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			if depth++; depth > maxDepth {
				return bad(kind, "It is nested deeper than %d.", maxDepth)
			}
		case c == ')' || c == ']':
			depth--
		}
	}
	return nil
}

// fulfills tells whether a value of an attribute passes all tests.
func fulfills(value any, where []test) bool {
	o, ok := value.(object)
	if !ok {
		return false
	}
	for _, t := range where {
		v, there := o[t.attr.name]
		if !there || t.value != nil && foldValue(t.attr, v) != t.value {
			return false
		}
	}
	return true
}

// conditions are the tests as the store asks them.
func conditions(where []test) []model.SCIMTest {
	out := make([]model.SCIMTest, len(where))
	for i, t := range where {
		out[i].Value = t.value
		if t.attr != nil {
			out[i].Key = strings.ToLower(t.attr.name)
		}
	}
	return out
}
