package scim_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// entraUser is what Entra creates people with.
const entraUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
	"externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef","userName":"Ana@example.com","active":true,"displayName":"Ana Ito",
	"emails":[{"primary":true,"type":"work","value":"ana@example.com"}],"meta":{"resourceType":"User"},
	"name":{"formatted":"Ana Ito","familyName":"Ito","givenName":"Ana"},"title":"Engineer","custom":"ignored",
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","employeeNumber":"701","nothing":"ignored"},
	"urn:ietf:params:scim:schemas:extension:other:2.0:User":{"tag":"ignored"}}`

// entraCreates are the requests up to a person and a group who is in it.
func entraCreates() []step {
	return []step{
		{why: "test", method: "GET", path: `/Users?filter=userName eq "f3c1a2b4-nobody"`, status: 200,
			want: `{"totalResults":0,"Resources":[],"startIndex":1,"itemsPerPage":0}`},
		{why: "matching", method: "GET", path: `/Users?filter=externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`, status: 200, want: `{"totalResults":0}`},
		{why: "matching", method: "GET", path: `/Users?filter=emails[type eq "work"].value eq "ana@example.com"`, status: 200, want: `{"totalResults":0}`},
		{why: "create", method: "POST", path: "/Users", body: entraUser, status: 201, is: "ana", absent: "custom password",
			want: `{"userName":"Ana@example.com","active":true,"externalId":"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef","title":"Engineer","displayName":"Ana Ito",
			"emails":[{"primary":true,"type":"work","value":"ana@example.com"}],"name":{"formatted":"Ana Ito","familyName":"Ito","givenName":"Ana"},
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","employeeNumber":"701"},
			"meta":{"resourceType":"User","version":"W/\"1\""},
			"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]}`},
		{why: "matching again", method: "GET", path: `/Users?filter=userName eq "ana@EXAMPLE.com"`, status: 200,
			want: `{"totalResults":1,"itemsPerPage":1,"Resources":[{"id":"{ana}"}]}`},
		{why: "matching by email", method: "GET", path: `/Users?filter=emails[type eq "work"].value eq "ANA@example.com"`, status: 200,
			want: `{"totalResults":1,"Resources":[{"id":"{ana}"}]}`},
		{why: "group matching", method: "GET", path: `/Groups?excludedAttributes=members&filter=displayName eq "Staff"`, status: 200, want: `{"totalResults":0}`},
		{why: "group create", method: "POST", path: "/Groups", status: 201, is: "staff",
			body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
			"externalId":"8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159","displayName":"Staff","meta":{"resourceType":"Group"}}`,
			want: `{"displayName":"Staff","externalId":"8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159","schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]}`},
	}
}

func TestEntraByDefault(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.run(append(entraCreates(), []step{
		{why: "look before", method: "GET", path: "/Users/{ana}", status: 200, want: `{"id":"{ana}","userName":"Ana@example.com"}`},
		{why: "several operations", method: "PATCH", path: "/Users/{ana}", status: 200,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
				{"op":"Replace","path":"emails[type eq \"work\"].value","value":"ito@example.com"},
				{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+81 1"},
				{"op":"Replace","path":"name.familyName","value":"Itoh"},
				{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"b1c5"},
				{"op":"Replace","path":"unknownAttribute","value":"ignored"},
				{"op":"Remove","path":"title"}]}`,
			want: `{"emails":[{"primary":true,"type":"work","value":"ito@example.com"}],"phoneNumbers":[{"type":"mobile","value":"+81 1"}],
				"name":{"familyName":"Itoh","givenName":"Ana"},"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{
				"manager":{"value":"b1c5"},"department":"Sales"},
				"meta":{"version":"W/\"2\""}}`, absent: "title unknownAttribute"},
		{why: "add a member", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"members","value":[{"$ref":null,"value":"{ana}"}]}]}`},
		{why: "add the member again", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Add","path":"members","value":[{"$ref":null,"value":"{ana}"}]}]}`},
		{why: "the group without members", method: "GET", path: "/Groups/{staff}?excludedAttributes=members", status: 200, absent: "members",
			want: `{"displayName":"Staff"}`},
		{why: "the group", method: "GET", path: "/Groups/{staff}", status: 200, want: `{"members":[{"value":"{ana}","display":"Ana Ito","type":"User"}]}`},
		{why: "is she in it", method: "GET", path: `/Groups?filter=id eq "{staff}" and members eq "{ana}"&attributes=id`, status: 200,
			want: `{"totalResults":1,"Resources":[{"id":"{staff}"}]}`},
		{why: "a second person", method: "POST", path: "/Users", status: 201, is: "bob", body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],
			"externalId":"b","userName":"bob@example.com","active":"True"}`, want: `{"active":true}`},
		{why: "and a member", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{"Operations":[{"op":"Add","path":"members","value":[{"value":"{bob}"}]}],"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}`},
		{why: "remove one of two", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Remove","path":"members","value":[{"value":"{bob}"}]}]}`},
		{why: "the other stays", method: "GET", path: "/Groups/{staff}", status: 200, want: `{"members":[{"value":"{ana}"}]}`},
		{why: "remove a list of none", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Remove","path":"members","value":[]}]}`},
		{why: "nobody went", method: "GET", path: "/Groups/{staff}", status: 200, want: `{"members":[{"value":"{ana}"}]}`},
		{why: "rename the group", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"displayName","value":"Everybody"}]}`},
		{why: "it kept its id", method: "GET", path: `/Groups?filter=displayName eq "everybody"`, status: 200, want: `{"Resources":[{"id":"{staff}"}]}`},
		{why: "unassigned", method: "PATCH", path: "/Users/{ana}", status: 200, want: `{"active":false}`,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}`},
		{why: "inactive people are still there", method: "GET", path: "/Users/{ana}", status: 200, want: `{"active":false}`},
		{why: "and found", method: "GET", path: `/Users?filter=userName eq "ana@example.com" and active eq false`, status: 200, want: `{"totalResults":1}`},
		{why: "hard-deleted", method: "DELETE", path: "/Users/{ana}", status: 204},
		{why: "gone", method: "GET", path: "/Users/{ana}", status: 404, want: `{"status":"404","schemas":["urn:ietf:params:scim:api:messages:2.0:Error"]}`},
		{why: "gone from the list", method: "GET", path: `/Users?filter=userName eq "ana@example.com"`, status: 200, want: `{"totalResults":0}`},
		{why: "gone from the group", method: "GET", path: "/Groups/{staff}", status: 200, want: `{"members":[]}`},
		{why: "deleted twice", method: "DELETE", path: "/Users/{ana}", status: 404},
	}...))
}

func TestEntraFlagged(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.run(append(entraCreates(), []step{
		{why: "the flag is in the address", method: "GET", path: `/Users?aadOptscim062020&filter=userName eq "ana@example.com"`, status: 200,
			want: `{"totalResults":1}`},
		{why: "one replace without a path", method: "PATCH", path: "/Users/{ana}?aadOptscim062020", status: 200,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{
				"displayName":"Ana I","name.givenName":"Anna","name.familyName":"Ito","emails[type eq \"work\"].value":"anna@example.com",
				"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"Support",
				"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager":"m1","active":false}}]}`,
			want: `{"displayName":"Ana I","name":{"givenName":"Anna","familyName":"Ito","formatted":"Ana Ito"},"active":false,
				"emails":[{"primary":true,"type":"work","value":"anna@example.com"}],
				"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Support","employeeNumber":"701","manager":{"value":"m1"}}}`},
		{why: "add a manager as an object", method: "PATCH", path: "/Users/{ana}", status: 200,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","value":{
				"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"m2"}}}}]}`,
			want: `{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Support","manager":{"value":"m2"}}}`},
		{why: "add a member", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":"{ana}"}]}]}`},
		{why: "remove it by its value", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"remove","path":"members[value eq \"{ana}\"]"}]}`},
		{why: "nobody is left", method: "GET", path: "/Groups/{staff}", status: 200, want: `{"members":[]}`},
		{why: "delete the group", method: "DELETE", path: "/Groups/{staff}", status: 204},
		{why: "gone", method: "GET", path: "/Groups/{staff}", status: 404},
	}...))
}
