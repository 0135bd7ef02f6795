package scim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// object is a JSON object.
type object = map[string]any

// Bounds of what is sent.
const (
	maxBody     = 1 << 20
	maxDocument = 64 << 10
	maxDepth    = 16
	maxFilter   = 4 << 10
	maxValues   = 100 // of one attribute but the members
)

// readObject reads a body that is one JSON object. Numbers stay as they were written.
func readObject(data []byte) (object, error) {
	if err := checkDepth(data); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		return nil, bad(typeSyntax, "The body is no JSON object: %v.", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, bad(typeSyntax, "Something follows the JSON object in the body.")
	}
	if o == nil {
		return nil, bad(typeSyntax, "The body is no JSON object.")
	}
	return o, nil
}

// checkDepth refuses JSON that is nested deeper than anything in SCIM is.
func checkDepth(data []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return bad(typeSyntax, "The body is nested deeper than %d.", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// get is the value under a key, whatever its case.
func get(o object, key string) any {
	if v, ok := o[key]; ok {
		return v
	}
	for k, v := range o {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return nil
}

// unambiguous refuses an object that has one key twice, in different cases: which of
// them counts would be chance.
func unambiguous(o object) error {
	seen := make(map[string]bool, len(o))
	for k := range o {
		folded := strings.ToLower(k)
		if seen[folded] {
			return bad(typeSyntax, "%q is there twice.", k)
		}
		seen[folded] = true
	}
	return nil
}

// canonical is a value of an attribute in the form in which it is kept: names as the
// schema writes them, nothing that the schema does not have. nil: there is none.
func canonical(a *attribute, v any) (any, error) {
	if !a.many {
		return canonicalOne(a, v)
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v} // some clients send one value without a list
	}
	if len(list) > maxValues && a.name != membersKey {
		return nil, tooManyValues(a)
	}
	var kept []any
	for _, v := range list {
		one, err := canonicalOne(a, v)
		if err != nil {
			return nil, err
		}
		if one != nil {
			kept = append(kept, one)
		}
	}
	if kept == nil {
		return nil, nil //nolint:nilnil // no value is a value
	}
	return kept, nil
}

func tooManyValues(a *attribute) error {
	return bad(typeValue, "%s has more than %d values.", a.name, maxValues)
}

func canonicalOne(a *attribute, v any) (any, error) {
	if v == nil {
		return nil, nil //nolint:nilnil // no value is a value
	}
	switch a.kind {
	case kindComplex:
		return canonicalObject(a, v)
	case kindBoolean:
		return canonicalBool(a, v)
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	}
	return nil, bad(typeValue, "%s is no text.", a.name)
}

// canonicalBool also takes "True" and "False", which Entra sends.
func canonicalBool(a *attribute, v any) (any, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case string:
		if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
			return strings.EqualFold(v, "true"), nil
		}
	}
	return nil, bad(typeValue, "%s is neither true nor false: %.100q.", a.name, fmt.Sprint(v))
}

// canonicalObject also takes a bare text for a value: Entra sends a manager so.
func canonicalObject(a *attribute, v any) (any, error) {
	switch given := v.(type) {
	case string, json.Number:
		if find(a.sub, "value") == nil {
			return nil, bad(typeValue, "%s is no object.", a.name)
		}
		v = object{"value": given}
	}
	in, ok := v.(object)
	if !ok {
		return nil, bad(typeValue, "%s is no object.", a.name)
	}
	if err := unambiguous(in); err != nil {
		return nil, err
	}
	out := object{}
	for key, v := range in {
		sub := find(a.sub, key)
		if sub == nil {
			continue
		}
		value, err := canonical(sub, v)
		if err != nil {
			return nil, err
		}
		if value != nil {
			out[sub.name] = value
		}
	}
	if len(out) == 0 {
		return nil, nil //nolint:nilnil // no value is a value
	}
	return out, nil
}

// fold is a document as filters compare it: keys in lower case, and texts, too, where
// the schema says that case does not count.
func (t *resourceType) fold(doc object) object {
	out := object{}
	for key, v := range doc {
		a := t.attribute(key)
		if a == nil && t.extension != nil && key == t.extension.name {
			a = t.extension
		}
		out[strings.ToLower(key)] = foldValue(a, v)
	}
	return out
}

func foldValue(a *attribute, v any) any {
	switch v := v.(type) {
	case string:
		return a.fold(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = foldValue(a, v[i])
		}
		return out
	case object:
		out := make(object, len(v))
		for key, v := range v {
			var sub *attribute
			if a != nil {
				sub = find(a.sub, key)
			}
			out[strings.ToLower(key)] = foldValue(sub, v)
		}
		return out
	}
	return v
}

func (a *attribute) fold(s string) string {
	if a == nil || a.exact {
		return s
	}
	return model.Key(s)
}
