package scim_test

import (
	"encoding/json"
	"testing"

	"github.com/postern-sso/postern/internal/peertest"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// otherwise is what we say otherwise of our attributes than RFC 7643, on purpose.
var otherwise = map[string]string{
	"addresses.display is not of the schema":                      "clients send it, and get back what they sent",
	"manager.displayName: mutability is readWrite, want readOnly": "likewise: a manager is kept as it was sent",
	"displayName: uniqueness is server, want none":                "groups are known by their names here",
}

// Somebody else's code knows what a SCIM server answers: each answer is one by its
// schemas and messages, and what we say of our attributes is what it says of them.
func TestAnotherImplementationJudgesTheAnswers(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.run([]step{
		{why: "a person", method: "POST", path: "/Users", status: 201, is: "ana", body: `{"userName":"ana","externalId":"1","active":true,"title":"Lead",
			"name":{"givenName":"Ana","familyName":"Ito"},"emails":[{"type":"work","value":"w@example.com","primary":true}],
			"addresses":[{"type":"work","locality":"Tokyo","country":"JP"}],"phoneNumbers":[{"type":"mobile","value":"tel:+81-3-1234-5678"}],
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D","manager":{"value":"2"}}}`},
		{why: "a group", method: "POST", path: "/Groups", status: 201, is: "staff", body: `{"displayName":"Staff","externalId":"g","members":[{"value":"{ana}"}]}`},
	})
	var answers []json.RawMessage
	var names []string
	for _, c := range []step{
		{method: "GET", path: "/Users/{ana}", status: 200}, {method: "GET", path: "/Groups/{staff}", status: 200},
		{method: "GET", path: "/Users", status: 200}, {method: "GET", path: "/Groups?count=1", status: 200}, {method: "GET", path: "/Users?count=0", status: 200},
		{method: "GET", path: `/Users?filter=userName eq "nobody"`, status: 200}, {method: "GET", path: "/Users?startIndex=2", status: 200},
		{method: "GET", path: "/ServiceProviderConfig", status: 200}, {method: "GET", path: "/ResourceTypes", status: 200},
		{method: "GET", path: "/ResourceTypes/User", status: 200}, {method: "GET", path: "/Schemas", status: 200},
		{method: "GET", path: "/Users/nobody", status: 404}, {method: "GET", path: "/Users?filter=userName co", status: 400},
		{method: "POST", path: "/Users", status: 409, body: `{"userName":"ana","externalId":"2"}`}, {method: "POST", path: "/Users", status: 400, body: `{}`},
		{method: "PATCH", path: "/Users/{ana}", status: 400, body: patch(`{"op":"replace","path":"id","value":"x"}`)},
		{method: "PATCH", path: "/Users/{ana}", status: 400, body: patch(`{"op":"remove"}`)},
		{method: "PATCH", path: "/Users/{ana}", status: 200, body: patch(`{"op":"replace","path":"title","value":"Head"}`)},
	} {
		got := s.ask(c.method, wire(c.path), c.body)
		if got.status != c.status {
			t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.text)
		}
		answers, names = append(answers, json.RawMessage(got.text)), append(names, c.method+" "+c.path+" "+c.body)
	}
	s.token = "wrong"
	answers, names = append(answers, json.RawMessage(s.ask("GET", "/Users", "").text)), append(names, "without a token")
	seen := map[string]bool{}
	for i, faults := range peertest.JudgeSCIM(t, answers) {
		for _, fault := range faults {
			if otherwise[fault] != "" {
				seen[fault] = true
				continue
			}
			t.Errorf("%s: %s\n%s", names[i], fault, answers[i])
		}
	}
	if len(seen) != len(otherwise) {
		t.Errorf("of what is otherwise on purpose only %v is", seen)
	}
}
