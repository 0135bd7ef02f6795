package scim

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// verb is what an operation does.
type verb string

// The operations of RFC 7644, 3.5.2.
const (
	verbAdd     verb = "add"
	verbReplace verb = "replace"
	verbRemove  verb = "remove"
)

// operation is one of a PATCH.
type operation struct {
	verb  verb
	path  string // empty: the value says what
	value any
}

// readPatch reads the body of a PATCH. Names and operations are read in any case.
func readPatch(body object) ([]operation, error) {
	if err := unambiguous(body); err != nil {
		return nil, err
	}
	if schemas, ok := get(body, "schemas").([]any); ok && !slices.ContainsFunc(schemas, func(s any) bool {
		name, _ := s.(string)
		return strings.EqualFold(name, urnPatch)
	}) {
		return nil, bad(typeSyntax, "The schemas of a PATCH name %s.", urnPatch)
	}
	list, ok := get(body, "Operations").([]any)
	if !ok || len(list) == 0 {
		return nil, bad(typeSyntax, "A PATCH needs a list of Operations with one at least.")
	}
	ops := make([]operation, len(list))
	for i, each := range list {
		o, ok := each.(object)
		if !ok {
			return nil, bad(typeSyntax, "Operation %d is no object.", i+1)
		}
		if err := unambiguous(o); err != nil {
			return nil, err
		}
		name, _ := get(o, "op").(string)
		ops[i] = operation{verb: verb(strings.ToLower(name)), value: get(o, "value")}
		if !slices.Contains([]verb{verbAdd, verbReplace, verbRemove}, ops[i].verb) {
			return nil, bad(typeSyntax, "Operation %d is %.50q; there are add, replace and remove.", i+1, name)
		}
		switch path := get(o, "path").(type) {
		case nil:
		case string:
			ops[i].path = strings.TrimSpace(path)
		default:
			return nil, bad(typePath, "The path of operation %d is no text.", i+1)
		}
	}
	return ops, nil
}

// edit is a resource while it is changed.
type edit struct {
	of        *resourceType
	doc       object
	everybody bool            // the members that were there are none any more
	touched   map[string]bool // by id: whether they are members afterwards
	parsed    int             // bytes of paths of an unusual form
}

// apply carries out operations, all or none: after an error the edit is to be thrown away.
func (e *edit) apply(ops []operation) error {
	for _, op := range ops {
		var err error
		if op.path == "" {
			err = e.spread(op)
		} else {
			err = e.one(op)
		}
		if err != nil {
			return err
		}
	}
	return e.complete()
}

// complete refuses a resource without its name, or one that is too long to be kept.
func (e *edit) complete() error {
	name, _ := e.doc[e.of.nameKey].(string)
	if model.Canonical(name) == "" {
		return bad(typeValue, "A %s needs a %s.", strings.ToLower(string(e.of.kind)), e.of.nameKey)
	}
	data, err := json.Marshal(e.doc)
	if err != nil {
		return err
	}
	if len(data) > maxDocument {
		return fail(413, "", "The attributes are longer than %d kB together.", maxDocument>>10)
	}
	return nil
}

// spread is an operation without a path: each key of its value is one. What cannot be
// changed or is not known is passed over, as in a resource that is sent whole.
func (e *edit) spread(op operation) error {
	if op.verb == verbRemove {
		return bad(typeTarget, "A remove needs a path.")
	}
	value, ok := op.value.(object)
	if !ok {
		return bad(typeValue, "The value of an operation without a path is an object.")
	}
	if err := unambiguous(value); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(value)) {
		found, err := e.locate(key)
		if e.parsed > maxParsed {
			return err
		}
		if err != nil || found == nil || found.attr.mutable == readOnly || found.attr.mutable == writeOnly || found.attr.name == membersKey && value[key] == nil {
			continue
		}
		if err := e.set(found, operation{verb: op.verb, path: key, value: value[key]}); err != nil {
			return err
		}
	}
	return nil
}

func (e *edit) one(op operation) error {
	found, err := e.locate(op.path)
	switch {
	case err != nil || found == nil:
		return err
	case found.attr.name == "schemas" || found.attr.mutable == writeOnly:
		return nil // says nothing that is kept
	case found.attr.mutable == readOnly:
		return bad(typeMutability, "%s cannot be changed.", found.attr.name)
	case found.attr.required && (op.verb == verbRemove || op.value == nil):
		return bad(typeMutability, "%s cannot be removed.", found.attr.name)
	}
	return e.set(found, op)
}

// set carries one operation out at what it is about.
func (e *edit) set(at *target, op operation) error {
	if at.attr.name == membersKey {
		return e.setMembers(at, op)
	}
	if at.attr == e.of.extension {
		return e.setExtension(op)
	}
	parent := e.doc
	if at.extension != nil {
		parent, _ = e.doc[at.extension.name].(object)
		if parent == nil {
			parent = object{}
		}
		defer func() { e.put(e.doc, at.extension.name, parent) }()
	}
	switch {
	case at.where != nil || at.sub != nil && at.attr.many:
		return e.setChosen(parent, at, op)
	case at.sub != nil:
		return e.setPart(parent, at, op)
	}
	return e.setWhole(parent, at.attr, op)
}

// put sets a value, or takes the key away where it is empty.
func (e *edit) put(parent object, key string, value any) {
	switch v := value.(type) {
	case nil:
		delete(parent, key)
		return
	case object:
		if len(v) == 0 {
			delete(parent, key)
			return
		}
	case []any:
		if len(v) == 0 {
			delete(parent, key)
			return
		}
	}
	parent[key] = value
}

// setExtension changes an extension as a whole: its attributes one by one.
func (e *edit) setExtension(op operation) error {
	ext := e.of.extension
	if op.verb == verbRemove || op.value == nil {
		delete(e.doc, ext.name)
		return nil
	}
	value, ok := op.value.(object)
	if !ok {
		return bad(typeValue, "%s is no object.", ext.name)
	}
	if err := unambiguous(value); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(value)) {
		name, sub, _ := strings.Cut(key, ".")
		at := &target{extension: ext, attr: find(ext.sub, name)}
		if at.attr == nil {
			continue
		}
		if sub != "" {
			if at.sub = find(at.attr.sub, sub); at.sub == nil {
				continue
			}
		}
		if err := e.set(at, operation{verb: op.verb, value: value[key]}); err != nil {
			return err
		}
	}
	return nil
}

// setPart changes one part of an attribute with one value.
func (e *edit) setPart(parent object, at *target, op operation) error {
	whole, _ := parent[at.attr.name].(object)
	if whole == nil {
		whole = object{}
	}
	value, err := canonical(at.sub, op.value)
	if err != nil {
		return err
	}
	if op.verb == verbRemove {
		value = nil
	}
	e.put(whole, at.sub.name, value)
	e.put(parent, at.attr.name, whole)
	return nil
}

// setWhole changes an attribute with all its values.
func (e *edit) setWhole(parent object, a *attribute, op operation) error {
	value, err := canonical(a, op.value)
	if err != nil {
		return err
	}
	now := parent[a.name]
	switch {
	case op.verb == verbRemove:
		e.put(parent, a.name, without(a, now, value, op.value != nil))
	case a.required && value == nil:
		return bad(typeValue, "%s cannot be empty.", a.name)
	case a.many && op.verb == verbAdd:
		list, _ := now.([]any)
		added, _ := value.([]any)
		if list = join(list, added); len(list) > maxValues {
			return tooManyValues(a)
		}
		e.put(parent, a.name, list)
	case a.kind == kindComplex && !a.many && value != nil:
		e.put(parent, a.name, merge(now, value))
	case value == nil && op.verb == verbAdd:
	default:
		e.put(parent, a.name, value)
	}
	return nil
}
