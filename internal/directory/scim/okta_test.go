package scim_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// oktaUser is what Okta creates people with: with a password of its own, and no groups.
const oktaUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana@example.com","name":{"givenName":"Ana","familyName":"Ito"},
	"emails":[{"primary":true,"value":"ana@example.com","type":"work"}],"displayName":"Ana Ito","locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7",
	"groups":[],"password":"1mz050nq","active":true}`

func oktaCreates() []step {
	return []step{
		{why: "test", method: "GET", path: "/Users?startIndex=1&count=2", status: 200, want: `{"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}`},
		{why: "test of groups", method: "GET", path: "/Groups?count=100&startIndex=1", status: 200, want: `{"totalResults":0}`},
		{why: "is there", method: "GET", path: `/Users?filter=userName eq "ana@example.com"&startIndex=1&count=100`, status: 200, want: `{"totalResults":0}`},
		{why: "create", method: "POST", path: "/Users", body: oktaUser, status: 201, is: "ana", absent: "password groups",
			want: `{"userName":"ana@example.com","externalId":"00ujl29u0le5T6Aj10h7","locale":"en-US","active":true,"emails":[{"primary":true,
				"value":"ana@example.com","type":"work"}]}`},
		{why: "the same name with another id", method: "POST", path: "/Users", status: 409, want: `{"scimType":"uniqueness","status":"409"}`,
			body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ANA@example.com","externalId":"another"}`},
		{why: "the same again", method: "POST", path: "/Users", body: oktaUser, status: 201, want: `{"id":"{ana}"}`},
		{why: "another person", method: "POST", path: "/Users", status: 201, is: "bob",
			body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bob@example.com","externalId":"00ub","active":true}`},
	}
}

// Custom apps of the wizard send people whole, by PUT.
func TestOktaCustomApp(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.run(append(oktaCreates(), []step{
		{why: "look before", method: "GET", path: "/Users/{ana}", status: 200, want: `{"id":"{ana}"}`},
		{why: "PUT with what Okta maps", method: "PUT", path: "/Users/{ana}", status: 200,
			body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"{ana}","userName":"ana@example.com","name":{"givenName":"Anna"},
				"emails":[{"primary":true,"value":"anna@example.com","type":"work"}],"active":true,"groups":[],"meta":{"resourceType":"User"}}`,
			want: `{"name":{"givenName":"Anna","familyName":"Ito"},"displayName":"Ana Ito","locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7",
				"emails":[{"primary":true,"value":"anna@example.com","type":"work"}]}`},
		{why: "deactivated", method: "PUT", path: "/Users/{ana}", status: 200, want: `{"active":false,"displayName":"Ana Ito"}`,
			body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"{ana}","userName":"ana@example.com","active":false}`},
		{why: "a group with members", method: "POST", path: "/Groups", status: 201, is: "staff", want: `{"displayName":"Staff","members":[{"value":"{ana}"}]}`,
			body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Staff","members":[{"value":"{ana}","display":"ana@example.com"}]}`},
		{why: "the group, whole", method: "PUT", path: "/Groups/{staff}", status: 200, want: `{"members":[{"value":"{bob}"}]}`,
			body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"{staff}","displayName":"Staff","members":[{"value":"{bob}"}]}`},
		{why: "PUT without members leaves them", method: "PUT", path: "/Groups/{staff}", status: 200,
			want: `{"displayName":"All Staff","members":[{"value":"{bob}"}]}`,
			body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"All Staff"}`},
		{why: "PUT of nobody's id", method: "PUT", path: "/Users/5b9c7a51-0000-4000-8000-000000000000", status: 404, body: oktaUser},
	}...))
}

// Apps of the catalog send changes, and groups in their own order.
func TestOktaCatalogueApp(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	const patchOp = `"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]`
	s.run(append(oktaCreates(), []step{
		{why: "deactivated", method: "PATCH", path: "/Users/{ana}", status: 200, want: `{"active":false}`,
			body: `{` + patchOp + `,"Operations":[{"op":"replace","value":{"active":false}}]}`},
		{why: "back", method: "PATCH", path: "/Users/{ana}", status: 200, want: `{"active":true}`,
			body: `{` + patchOp + `,"Operations":[{"op":"replace","value":{"active":true}}]}`},
		{why: "a group", method: "POST", path: "/Groups", status: 201, is: "staff",
			body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Staff","members":[]}`},
		{why: "its name before each change", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{` + patchOp + `,"Operations":[{"op":"replace","value":{"id":"{staff}","displayName":"Staff"}}]}`},
		{why: "members", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{` + patchOp + `,"Operations":[{"op":"add","path":"members","value":[{"value":"{ana}","display":"ana@example.com"},{"value":"{bob}"}]}]}`},
		{why: "one goes and comes", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{` + patchOp + `,"Operations":[{"op":"remove","path":"members[value eq \"{ana}\"]"},{"op":"add","path":"members","value":[{"value":"{ana}"}]},
				{"op":"remove","path":"members[value eq \"{bob}\"]"}]}`},
		{why: "she is left", method: "GET", path: "/Groups/{staff}", status: 200, want: `{"members":[{"value":"{ana}"}]}`},
		{why: "the whole list", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{` + patchOp + `,"Operations":[{"op":"replace","path":"members","value":[{"value":"{bob}"}]}]}`},
		{why: "only he", method: "GET", path: "/Groups/{staff}", status: 200, want: `{"members":[{"value":"{bob}"}]}`},
		{why: "her groups", method: "GET", path: "/Users/{bob}", status: 200, want: `{"groups":[{"value":"{staff}","display":"Staff","type":"direct"}]}`},
		{why: "import", method: "GET", path: "/Users?startIndex=1&count=100", status: 200, want: `{"totalResults":2,"itemsPerPage":2,"startIndex":1}`},
		{why: "unlinked", method: "DELETE", path: "/Groups/{staff}", status: 204},
	}...))
}
