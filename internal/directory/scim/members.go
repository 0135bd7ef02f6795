package scim

import (
	"maps"
	"slices"

	"github.com/postern-sso/postern/internal/model"
)

// setMembers changes who is in a group. Members are named by their ids; whatever else
// is said of one is ignored.
func (e *edit) setMembers(at *target, op operation) error {
	if at.where != nil {
		return e.chosenMembers(at, op)
	}
	if at.sub != nil {
		return bad(typePath, "Members are changed as a whole.")
	}
	ids, err := memberIDs(op.value)
	if err != nil {
		return err
	}
	switch {
	case op.verb == verbAdd:
		e.addMembers(ids)
	case op.verb == verbReplace:
		e.emptied()
		e.addMembers(ids)
	case op.value == nil:
		e.emptied()
	default: // those that are named and nobody else
		e.removeMembers(ids)
	}
	return nil
}

// chosenMembers changes the members that a path chooses, which it does by their id.
func (e *edit) chosenMembers(at *target, op operation) error {
	var ids []string
	for _, t := range at.where {
		id, ok := t.value.(string)
		if !ok || t.attr.name != "value" {
			return bad(typeFilter, "Members are chosen by their value.")
		}
		ids = append(ids, id)
	}
	switch {
	case len(ids) != 1:
		return bad(typeFilter, "Members are chosen by one value.")
	case at.sub != nil: // their names are their own
	case op.verb == verbRemove:
		e.removeMembers(ids)
	default:
		e.addMembers(ids)
	}
	return nil
}

func (e *edit) addMembers(ids []string)    { e.touch(ids, true) }
func (e *edit) removeMembers(ids []string) { e.touch(ids, false) }

// touch notes of ids whether they are members afterwards: what came last counts.
func (e *edit) touch(ids []string, member bool) {
	if e.touched == nil {
		e.touched = map[string]bool{}
	}
	for _, id := range ids {
		e.touched[id] = member
	}
}

// emptied forgets what was said of members before: there are none.
func (e *edit) emptied() { e.everybody, e.touched = true, nil }

// members is what becomes of the members.
func (e *edit) members() model.SCIMMembers {
	m := model.SCIMMembers{Replace: e.everybody}
	for _, id := range slices.Sorted(maps.Keys(e.touched)) {
		switch {
		case e.touched[id]:
			m.Add = append(m.Add, id)
		case !e.everybody:
			m.Remove = append(m.Remove, id)
		}
	}
	return m
}

// memberIDs are the ids of a list of members, or of one.
func memberIDs(value any) ([]string, error) {
	members, err := canonical(groupType.attribute(membersKey), value)
	if err != nil {
		return nil, err
	}
	list, _ := members.([]any)
	ids := make([]string, 0, len(list))
	for _, m := range list {
		o, _ := m.(object)
		id, ok := o["value"].(string)
		if !ok {
			return nil, bad(typeValue, "A member has no value.")
		}
		ids = append(ids, id)
	}
	return ids, nil
}
