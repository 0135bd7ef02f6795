package scim

import "cmp"

// maxResults is how many resources one list has at most, defaultResults how many
// without a count.
const (
	maxResults     = 200
	defaultResults = 100
)

// providerConfig is what this server can do. Clients look at the numbers of what it
// cannot, too.
func providerConfig(base string) object {
	return object{
		"schemas":        []any{urnConfig},
		"patch":          object{"supported": true},
		"bulk":           object{"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
		"filter":         object{"supported": true, "maxResults": maxResults},
		"changePassword": object{"supported": false},
		"sort":           object{"supported": false},
		"etag":           object{"supported": true},
		"authenticationSchemes": []any{object{"type": "oauthbearertoken", "name": "Bearer token",
			"description": "A token of the source, in the header Authorization.", "specUri": "https://www.rfc-editor.org/info/rfc6750", "primary": true}},
		"meta": object{"resourceType": "ServiceProviderConfig", "location": base + "/ServiceProviderConfig"},
	}
}

func (t *resourceType) discovered(base string) object {
	extensions := []any{}
	if t.extension != nil {
		extensions = append(extensions, object{"schema": t.extension.name, "required": false})
	}
	name := string(t.kind)
	return object{"schemas": []any{urnType}, "id": name, "name": name, "endpoint": "/" + t.endpoint, "description": t.about, "schema": t.urn,
		"schemaExtensions": extensions, "meta": object{"resourceType": "ResourceType", "location": base + "/ResourceTypes/" + name}}
}

// schemas are all schemas, in the order in which they are listed.
func schemas(base string) []object {
	var all []object
	one := func(urn, name, about string, attributes []attribute) {
		all = append(all, object{"schemas": []any{urnSchema}, "id": urn, "name": name, "description": about, "attributes": described(attributes),
			"meta": object{"resourceType": "Schema", "location": base + "/Schemas/" + urn}})
	}
	for _, t := range resourceTypes() {
		one(t.urn, string(t.kind), t.about, t.attributes)
		if t.extension != nil {
			one(t.extension.name, "EnterpriseUser", t.extension.about, t.extension.sub)
		}
	}
	return all
}

func described(list []attribute) []any {
	out := make([]any, len(list))
	for i, a := range list {
		o := object{"name": a.name, "type": a.kind, "multiValued": a.many, "description": a.about, "required": a.required, "caseExact": a.exact,
			"mutability": cmp.Or(a.mutable, "readWrite"), "returned": "default", "uniqueness": "none"}
		if a.mutable == writeOnly {
			o["returned"] = "never"
		}
		if a.unique {
			o["uniqueness"] = "server"
		}
		if a.kind == kindReference {
			o["referenceTypes"] = []any{"external"}
		}
		if len(a.sub) > 0 {
			o["subAttributes"] = described(a.sub)
		}
		out[i] = o
	}
	return out
}
