package scim

import (
	"maps"
	"reflect"
	"slices"
)

// without is what is left when a value is removed: of an attribute with several
// values only those that are named, else nothing.
func without(a *attribute, now, named any, isNamed bool) any {
	list, ok := now.([]any)
	if !a.many || !ok || !isNamed {
		return nil
	}
	remove, _ := named.([]any)
	return slices.DeleteFunc(slices.Clone(list), func(v any) bool {
		return slices.ContainsFunc(remove, func(r any) bool { return sameValue(v, r) })
	})
}

// sameValue tells whether two values of an attribute are the same one: equal, or with
// the same value where one of them says no more.
func sameValue(a, b any) bool {
	x, ok := a.(object)
	y, isObject := b.(object)
	if !ok || !isObject {
		return reflect.DeepEqual(a, b)
	}
	for key, v := range y {
		if !reflect.DeepEqual(x[key], v) {
			return false
		}
	}
	return len(y) > 0
}

// join appends values that are not there yet. There is one primary value: the last
// that was added as such.
func join(list, added []any) []any {
	out := slices.Clone(list)
	for _, v := range added {
		i := slices.IndexFunc(out, func(there any) bool { return reflect.DeepEqual(there, v) })
		if i < 0 {
			out = append(out, v)
			i = len(out) - 1
		}
		onlyPrimary(out, i)
	}
	return out
}

// onlyPrimary takes the mark of the primary value from all others, if this one has it.
func onlyPrimary(list []any, i int) {
	if o, _ := list[i].(object); o == nil || o["primary"] != true {
		return
	}
	for j, v := range list {
		if o, _ := v.(object); j != i && o != nil && o["primary"] == true {
			o = maps.Clone(o)
			o["primary"] = false
			list[j] = o
		}
	}
}

// merge is an object with what another one says.
func merge(now, more any) object {
	out := object{}
	if o, ok := now.(object); ok {
		maps.Copy(out, o)
	}
	if o, ok := more.(object); ok {
		maps.Copy(out, o)
	}
	return out
}

// setChosen changes those values of an attribute that the path chooses. Where it
// chooses none, add and replace make one: Entra does that.
func (e *edit) setChosen(parent object, at *target, op operation) error {
	now, _ := parent[at.attr.name].([]any)
	list := slices.Clone(now)
	value, err := at.chosenValue(op)
	if err != nil {
		return err
	}
	var out []any
	found := false
	for _, v := range list {
		if !fulfills(v, at.where) {
			out = append(out, v)
			continue
		}
		found = true
		if changed := at.changed(v, op.verb, value); changed != nil {
			out = append(out, changed)
			onlyPrimary(out, len(out)-1)
		}
	}
	if !found && op.verb != verbRemove && value != nil {
		made := object{}
		for _, t := range at.where {
			if t.value == nil {
				return bad(typeTarget, "No value of %s fits the path %.200q.", at.attr.name, op.path)
			}
			made[t.attr.name] = t.value
		}
		out = append(out, merge(made, value))
		onlyPrimary(out, len(out)-1)
	}
	if len(out) > maxValues {
		return tooManyValues(at.attr)
	}
	e.put(parent, at.attr.name, out)
	return nil
}

// chosenValue is what is set in each value that a path chooses.
func (t *target) chosenValue(op operation) (any, error) {
	if t.sub == nil {
		one := *t.attr
		one.many = false
		if list, ok := op.value.([]any); ok && len(list) == 1 {
			op.value = list[0]
		}
		return canonical(&one, op.value)
	}
	v, err := canonical(t.sub, op.value)
	if err != nil || v == nil {
		return nil, err
	}
	return object{t.sub.name: v}, nil
}

// changed is one value after an operation; nil: it is gone.
func (t *target) changed(v any, by verb, value any) any {
	if by != verbRemove && value != nil {
		return merge(v, value)
	}
	if t.sub == nil {
		return nil
	}
	left, _ := v.(object)
	left = maps.Clone(left)
	delete(left, t.sub.name)
	for key := range left {
		if key != "type" && key != "primary" && key != "display" {
			return left
		}
	}
	return nil
}
