package scim

import (
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// URNs of what SCIM sends.
const (
	urnUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	urnGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	urnEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	urnList       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	urnPatch      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	urnSearch     = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	urnError      = "urn:ietf:params:scim:api:messages:2.0:Error"
	urnConfig     = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	urnType       = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	urnSchema     = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// attribute is one attribute that is kept. Every other is ignored.
type attribute struct {
	name     string
	kind     string // kindString and so on
	many     bool
	mutable  string // readOnly and so on; empty: readWrite
	exact    bool   // compares with case
	required bool
	unique   bool
	about    string
	sub      []attribute
}

// Kinds of attributes, as RFC 7643 calls them.
const (
	kindString    = "string"
	kindBoolean   = "boolean"
	kindReference = "reference"
	kindComplex   = "complex"
)

const (
	readOnly  = "readOnly"
	writeOnly = "writeOnly"
	immutable = "immutable" // changed by taking it away and adding another
)

func text(name, about string) attribute {
	return attribute{name: name, kind: kindString, about: about}
}

// values is an attribute with several values, each with a type, and one of them primary.
func values(name, about string, more ...attribute) attribute {
	sub := append(more, text("display", "A name for people."), text("type", "What it is for."),
		attribute{name: "primary", kind: kindBoolean, about: "Whether it is the preferred one."})
	return attribute{name: name, kind: kindComplex, many: true, about: about, sub: sub}
}

func reference(name, about string) attribute {
	return attribute{name: name, kind: kindReference, exact: true, about: about}
}

// common are attributes of every resource.
var common = []attribute{
	{name: "id", kind: kindString, mutable: readOnly, exact: true, unique: true, about: "The identifier here, for good."},
	{name: "externalId", kind: kindString, exact: true, unique: true, about: "The identifier at the identity provider."},
	{name: "schemas", kind: kindString, many: true, mutable: readOnly, about: "The schemas of the resource."},
	{name: "meta", kind: kindComplex, mutable: readOnly, about: "Times and version of the resource."},
}

// resourceType is one of the two things that are pushed.
type resourceType struct {
	kind       model.SCIMKind
	endpoint   string
	urn        string
	about      string
	nameKey    string // the attribute that names the resource, and that it must have
	attributes []attribute
	extension  *attribute // named by its URN
}

var userType = &resourceType{
	kind: model.SCIMUser, endpoint: "Users", urn: urnUser, about: "A person.", nameKey: "userName",
	attributes: []attribute{
		{name: "userName", kind: kindString, required: true, unique: true, about: "The name that the person signs in with."},
		{name: "name", kind: kindComplex, about: "The person's name, in parts.", sub: []attribute{
			text("formatted", "The whole name."), text("familyName", "The last name."), text("givenName", "The first name."),
			text("middleName", "Further names."), text("honorificPrefix", "Titles before the name."), text("honorificSuffix", "Titles after the name."),
		}},
		text("displayName", "The name that is shown."),
		text("nickName", "What the person is called."),
		reference("profileUrl", "The person's page."),
		text("title", "The person's position."),
		text("userType", "How the person belongs to the organization."),
		text("preferredLanguage", "The person's language."),
		text("locale", "How dates and numbers are written for the person."),
		text("timezone", "The person's time zone."),
		{name: "active", kind: kindBoolean, about: "Whether the person may sign in."},
		{name: "password", kind: kindString, mutable: writeOnly, about: "Ignored: nobody signs in here with a pushed password."},
		values("emails", "Email addresses.", text("value", "The address.")),
		values("phoneNumbers", "Telephone numbers.", text("value", "The number.")),
		values("addresses", "Postal addresses.", text("formatted", "The whole address."), text("streetAddress", "Street and number."), text("locality", "The town."),
			text("region", "The state or region."), text("postalCode", "The postal code."), text("country", "The country.")),
		values("roles", "Roles.", text("value", "The role.")),
		values("entitlements", "Entitlements.", text("value", "The entitlement.")),
		{name: "groups", kind: kindComplex, many: true, mutable: readOnly, about: "The groups of the person.", sub: refs(readOnly)},
	},
	extension: &attribute{name: urnEnterprise, kind: kindComplex, about: "What enterprises keep of people.", sub: []attribute{
		text("employeeNumber", "The number of the employee."), text("costCenter", "The cost center."), text("organization", "The organization."),
		text("division", "The division."), text("department", "The department."),
		{name: "manager", kind: kindComplex, about: "Who the person reports to.", sub: []attribute{
			{name: "value", kind: kindString, exact: true, about: "The identifier of the manager."}, reference("$ref", "The manager's address."),
			text("displayName", "The manager's name.")}},
	}},
}

var groupType = &resourceType{
	kind: model.SCIMGroup, endpoint: "Groups", urn: urnGroup, about: "A group.", nameKey: "displayName",
	attributes: []attribute{
		{name: "displayName", kind: kindString, required: true, unique: true, about: "The name of the group."},
		{name: membersKey, kind: kindComplex, many: true, about: "The people in the group. Groups in groups are not supported.", sub: refs(immutable)},
	},
}

// membersKey is kept apart from the rest of a group: it may be long.
const membersKey = "members"

// refs are the parts of what refers to a resource, which change with it or not at all.
func refs(mutable string) []attribute {
	parts := []attribute{{name: "value", kind: kindString, exact: true, about: "The identifier of the resource."},
		reference("$ref", "Its address."), text("display", "Its name."), text("type", "What it is.")}
	for i := range parts {
		parts[i].mutable = mutable
	}
	return parts
}

func resourceTypes() []*resourceType { return []*resourceType{userType, groupType} }

// find looks for an attribute by name, whatever its case.
func find(list []attribute, name string) *attribute {
	for i := range list {
		if strings.EqualFold(list[i].name, name) {
			return &list[i]
		}
	}
	return nil
}

// attribute finds an attribute of the resource itself.
func (t *resourceType) attribute(name string) *attribute {
	if a := find(t.attributes, name); a != nil {
		return a
	}
	return find(common, name)
}
