package scim_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// PingOne and PingFederate: a filter of the administrator's own, changes by PATCH or
// PUT, and deletion as the remove action.
func TestPingOne(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	const body = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana","externalId":"6f1b","active":true,
		"name":{"givenName":"Ana","familyName":"Ito","formatted":"Ana Ito"},"emails":[{"value":"ana@example.com","type":"work","primary":true}],
		"addresses":[{"type":"work","locality":"Tokyo","country":"JP"}],"entitlements":[{"value":"basic"}],"roles":[{"value":"reader"}]}`
	s.run([]step{
		{why: "what can it do", method: "GET", path: "/ServiceProviderConfig", status: 200,
			want: `{"patch":{"supported":true},"bulk":{"supported":false,"maxOperations":0,"maxPayloadSize":0},"filter":{"supported":true,"maxResults":200},
				"changePassword":{"supported":false},"sort":{"supported":false},"etag":{"supported":true}}`},
		{why: "types", method: "GET", path: "/ResourceTypes", status: 200,
			want: `{"totalResults":2,"Resources":[{"id":"User","endpoint":"/Users"},{"id":"Group","endpoint":"/Groups"}]}`},
		{why: "schemas", method: "GET", path: "/Schemas", status: 200, want: `{"totalResults":3}`},
		{why: "one schema", method: "GET", path: "/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group", status: 200, want: `{"name":"Group"}`},
		{why: "filter", method: "GET", path: `/Users?filter=(userName eq "ana")`, status: 200, want: `{"totalResults":0}`},
		{why: "create", method: "POST", path: "/Users", body: body, status: 201, is: "ana",
			want: `{"addresses":[{"type":"work","locality":"Tokyo","country":"JP"}],"entitlements":[{"value":"basic"}],"roles":[{"value":"reader"}]}`},
		{why: "both conditions", method: "GET", path: `/Users?filter=userName eq "ana" and externalId eq "6f1b"`, status: 200, want: `{"totalResults":1}`},
		{why: "disable", method: "PUT", path: "/Users/{ana}", status: 200, body: `{"userName":"ana","active":false}`,
			want: `{"active":false,"roles":[{"value":"reader"}]}`},
		{why: "delete", method: "DELETE", path: "/Users/{ana}", status: 204},
		{why: "the same person comes back", method: "POST", path: "/Users", body: body, status: 201, want: `{"id":"{ana}","active":true}`},
		{why: "and is there", method: "GET", path: "/Users/{ana}", status: 200, want: `{"active":true}`},
	})
}

// OneLogin asks by userName and changes members by PATCH; authentik and extensions of
// Keycloak send everything by PUT, and take 404 for “gone”.
func TestOneLoginAndAuthentik(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.run([]step{
		{why: "slashes of a base with one at its end", method: "GET", path: `//Users/?filter=userName eq "ana"`, status: 200, want: `{"totalResults":0}`},
		{why: "without an externalId", method: "POST", path: "/Users", status: 201, is: "ana", absent: "externalId",
			body: `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ana","emails":{"value":"ana@example.com"},"active":true,
				"photos":[{"value":"x"}]}`,
			want: `{"emails":[{"value":"ana@example.com"}]}`},
		{why: "the same name", method: "POST", path: "/Users", status: 409, body: `{"userName":"ana"}`, want: `{"scimType":"uniqueness"}`},
		{why: "entitlements", method: "GET", path: "/Groups", status: 200, want: `{"totalResults":0}`},
		{why: "a group", method: "POST", path: "/Groups", status: 201, is: "staff", body: `{"displayName":"Staff","externalId":"pk-1"}`},
		{why: "the same again", method: "POST", path: "/Groups", status: 201, want: `{"id":"{staff}"}`, body: `{"displayName":"Staff","externalId":"pk-1"}`},
		{why: "its name with another id", method: "POST", path: "/Groups", status: 409, want: `{"scimType":"uniqueness"}`,
			body: `{"displayName":"staff","externalId":"pk-2"}`},
		{why: "with a member", method: "PATCH", path: "/Groups/{staff}", status: 204, body: patch(`{"op":"add","path":"members","value":[{"value":"{ana}"}]}`)},
		{why: "deleted", method: "DELETE", path: "/Groups/{staff}", status: 204},
		{why: "back without members", method: "POST", path: "/Groups", status: 201, want: `{"id":"{staff}","members":[]}`,
			body: `{"displayName":"Staff","externalId":"pk-1"}`},
		{why: "PUT", method: "PUT", path: "/Groups/{staff}", status: 200, body: `{"displayName":"Staff","externalId":"pk-1","members":[{"value":"{ana}"}]}`,
			want: `{"members":[{"value":"{ana}"}]}`},
		{why: "a person's PUT leaves the groups", method: "PUT", path: "/Users/{ana}", status: 200, body: `{"userName":"ana.ito","externalId":"uid-1","active":true}`,
			want: `{"userName":"ana.ito","externalId":"uid-1","groups":[{"value":"{staff}"}]}`},
		{why: "gone", method: "PUT", path: "/Groups/7", status: 404, body: `{"displayName":"x"}`},
		{why: "delete", method: "DELETE", path: "/Users/{ana}", status: 204},
		{why: "her old name is free for herself alone", method: "POST", path: "/Users", status: 409, body: `{"userName":"ana.ito","externalId":"uid-2"}`},
	})
}

// JumpCloud tests a connection with a person and a group that it makes and deletes,
// each time anew.
func TestJumpCloud(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	for range 2 {
		s.run([]step{
			{why: "test person", method: "POST", path: "/Users", status: 201, is: "test",
				body: `{"userName":"jumpcloud-test","name":{"givenName":"T","familyName":"T"},"active":true}`},
			{why: "changed", method: "PUT", path: "/Users/{test}", status: 200, body: `{"userName":"jumpcloud-test","active":false}`, want: `{"active":false}`},
			{why: "test group", method: "POST", path: "/Groups", status: 201, is: "group", body: `{"displayName":"test group"}`},
			{why: "members", method: "PATCH", path: "/Groups/{group}", status: 204, body: `{"Operations":[{"op":"add","path":"members","value":[{"value":"{test}"}]}]}`},
			{why: "deleted", method: "DELETE", path: "/Groups/{group}", status: 204},
			{why: "deleted", method: "DELETE", path: "/Users/{test}", status: 204},
		})
	}
}
