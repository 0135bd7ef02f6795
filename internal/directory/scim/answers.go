package scim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// instant is a time as SCIM writes it.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// version is the entity tag of a resource.
func version(r model.SCIMResource) string { return fmt.Sprintf(`W/"%d"`, r.Revision) }

// shown is a resource as it is sent.
func (t *resourceType) shown(r model.SCIMResource, base string) (object, error) {
	o := object{}
	if err := json.Unmarshal(r.Document, &o); err != nil {
		return nil, fmt.Errorf("document of %s %s: %w", r.Kind, r.ID, err)
	}
	schemas := []any{t.urn}
	if t.extension != nil && o[t.extension.name] != nil {
		schemas = append(schemas, t.extension.name)
	}
	o["schemas"], o["id"] = schemas, r.ID
	o["meta"] = object{"resourceType": string(t.kind), "created": instant(r.CreatedAt), "lastModified": instant(r.ModifiedAt),
		"location": t.location(r.ID, base), "version": version(r)}
	refs := make([]any, len(r.Refs))
	for i, ref := range r.Refs {
		refs[i] = object{"value": ref.ID, "display": ref.Name, "$ref": t.other().location(ref.ID, base), "type": string(t.other().kind)}
	}
	switch {
	case t == groupType:
		o[membersKey] = refs
	case len(refs) > 0:
		for _, each := range refs { // of a person's groups the type says how, not what
			if ref, ok := each.(object); ok {
				ref["type"] = "direct"
			}
		}
		o["groups"] = refs
	}
	return o, nil
}

func (t *resourceType) other() *resourceType {
	if t == userType {
		return groupType
	}
	return userType
}

func (t *resourceType) location(id, base string) string { return base + "/" + t.endpoint + "/" + id }

// view is which attributes of a resource are asked for.
type view struct {
	only   []string // none: all
	except []string
}

// readView reads the two lists of attributes.
func readView(only, except string) view {
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	}
	return view{only: split(only), except: split(except)}
}

// wants tells whether an attribute of a resource is asked for, or a part of it.
func (v view) wants(t *resourceType, name string) bool {
	if len(v.only) > 0 && !v.names(t, v.only, name, true) {
		return false
	}
	return !v.names(t, v.except, name, false)
}

func (v view) names(t *resourceType, list []string, name string, parts bool) bool {
	for _, s := range list {
		s = plainName(t, s)
		whole, part, _ := strings.Cut(s, ".")
		if strings.EqualFold(s, name) || parts && part != "" && strings.EqualFold(whole, name) {
			return true
		}
	}
	return false
}

// plainName is the name of an attribute without the URN of the resource's own schema.
func plainName(t *resourceType, s string) string {
	if prefix := t.urn + ":"; len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):]
	}
	return s
}

// cut leaves of a resource what is asked for. Its id and schemas always stay.
func (v view) cut(t *resourceType, o object) {
	for key := range o {
		switch {
		case key == "id" || key == "schemas":
		case t.extension != nil && key == t.extension.name:
			v.cutExtension(t, o)
		case !v.wants(t, key):
			delete(o, key)
		default:
			if part, ok := o[key].(object); ok && key != "meta" {
				v.cutParts(t, key, part)
			}
		}
	}
}

// cutParts leaves of an attribute with parts those that are asked for.
func (v view) cutParts(t *resourceType, key string, part object) {
	for name := range part {
		full := key + "." + name
		if len(v.only) > 0 && !v.names(t, v.only, key, false) && !v.names(t, v.only, full, false) || v.names(t, v.except, full, false) {
			delete(part, name)
		}
	}
}

// cutExtension does the same with an extension, whose attributes have its URN in front.
func (v view) cutExtension(t *resourceType, o object) {
	urn := t.extension.name
	ext, _ := o[urn].(object)
	whole := len(v.only) == 0 || v.names(t, v.only, urn, false)
	if v.names(t, v.except, urn, false) {
		delete(o, urn)
		return
	}
	for name := range ext {
		full := urn + ":" + name
		if !whole && !v.names(t, v.only, full, false) || v.names(t, v.except, full, false) {
			delete(ext, name)
		}
	}
	if len(ext) == 0 {
		delete(o, urn)
	}
}

// list is the answer to a question for several resources.
func listAnswer(total, start int, resources []any) object {
	return object{"schemas": []any{urnList}, "totalResults": total, "startIndex": start, "itemsPerPage": len(resources), "Resources": resources}
}
