package scim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// Filters that are answered, and those that are refused: nothing that we cannot judge
// gives an empty list.
func TestFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.run([]step{
		{why: "make", method: "POST", path: "/Users", status: 201, is: "ana",
			body: `{"userName":"Ana \"A\" \\ 100%_ü","externalId":"Ext-1","active":"true","title":"Lead",
			"name":{"familyName":"Ito"},"emails":[{"type":"home","value":"h@example.com"},{"type":"work","value":"w@example.com","primary":true}],
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","manager":"m1"}}`},
		{why: "make", method: "POST", path: "/Users", status: 201, is: "bob", body: `{"userName":"bob","active":false}`},
		{why: "make", method: "POST", path: "/Groups", status: 201, is: "staff", body: `{"displayName":"Staff","members":[{"value":"{ana}"}]}`},
	})
	for filter, want := range map[string]int{
		`userName eq "ana \"a\" \\ 100%_Ü"`: 1,
		`USERNAME EQ "BOB"`:                 1,
		`userName eq "bo"`:                  0,
		`externalId eq "Ext-1"`:             1,
		`externalId eq "ext-1"`:             0,
		`id eq "{ana}"`:                     1,
		`id eq "no id of ours"`:             0,
		`id pr`:                             2,
		`active eq true`:                    1,
		`active eq "False"`:                 1,
		`title pr`:                          1,
		`name.familyName eq "ito"`:          1,
		`name pr`:                           1,
		`emails eq "w@example.com"`:         1,
		`emails.value eq "W@example.com"`:   1,
		`emails[type eq "work"].value eq "w@example.com"`:                                     1,
		`emails[type eq "work"].value eq "h@example.com"`:                                     0,
		`emails[type eq "home" and value eq "h@example.com"]`:                                 1,
		`emails[type eq "home" and primary pr]`:                                               0,
		`emails[primary eq true].value pr`:                                                    1,
		`(userName eq "bob") and (active eq false)`:                                           1,
		`((userName eq "bob"))`:                                                               1,
		`userName eq "bob" and title pr`:                                                      0,
		`groups.value eq "{staff}"`:                                                           1,
		`groups pr`:                                                                           1,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bob"`:                        1,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "sales"`:    1,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "m1"`:    1,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "m1"`:          1,
		`userName eq "x" and emails[type eq "work"].value eq "] and (" and externalId eq "y"`: 0,
	} {
		path := strings.NewReplacer("%", "%25", "&", "%26", "\\", "%5C", "ü", "%C3%BC", "Ü", "%C3%9C").Replace(filter)
		if got := s.ask("GET", "/Users?filter="+wire(path), ""); got.status != 200 || got.body["totalResults"] != float64(want) {
			t.Errorf("%s: %d %s, want %d", filter, got.status, got.text, want)
		}
	}
	for _, filter := range []string{`userName`, `userName eq`, `userName eq bob`, `userName eq 'bob'`, `userName sw "b"`, `userName co "b"`, `userName ne "b"`,
		`userName eq "bob" or title pr`, `not (userName eq "bob")`, `nothing eq "x"`, `password eq "x"`, `meta.lastModified gt "2020-01-01T00:00:00Z"`,
		`meta pr`, `schemas pr`, `userName eq null`, `userName eq 5`, `active eq "perhaps"`, `name eq "x"`, `emails[type eq "work"`, `emails[nothing eq "x"]`,
		`emails[type ne "work"]`, `emails[type eq "work"].value`, `emails[type eq "work"].`, `userName eq "bob`, `userName eq "\u00"`, `urn:other:userName eq "x"`,
		strings.Repeat("(", 17) + `title pr` + strings.Repeat(")", 17), `userName eq "` + strings.Repeat("x", 4096) + `"`} {
		got := s.ask("GET", "/Users?filter="+wire(strings.ReplaceAll(filter, "\\", "%5C")), "")
		if got.status != 400 || got.body["scimType"] != "invalidFilter" {
			t.Errorf("%.80s: %d %s", filter, got.status, got.text)
		}
	}
}

// Lists begin at 1, are cut where it is asked, and have the same order each time.
func TestPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	for i := range 5 {
		s.run([]step{{why: "make", method: "POST", path: "/Users", status: 201, body: fmt.Sprintf(`{"userName":"u%d"}`, i)}})
	}
	ids := func(query string) (all []string) {
		got := s.ask("GET", "/Users"+query, "")
		list, _ := got.body["Resources"].([]any)
		for _, r := range list {
			o, _ := r.(map[string]any)
			id, _ := o["id"].(string)
			all = append(all, id)
		}
		if got.body["itemsPerPage"] != float64(len(all)) || got.body["totalResults"] != 5.0 {
			t.Errorf("%s: %s", query, got.text)
		}
		return all
	}
	all := ids("")
	if len(all) != 5 || !slices.IsSorted(all) {
		t.Errorf("listed %v", all)
	}
	for query, want := range map[string][]string{
		"?startIndex=1&count=2": all[:2], "?startIndex=3&count=2": all[2:4], "?startIndex=5&count=2": all[4:], "?startIndex=6": nil, "?count=0": nil,
		"?count=-1":     nil,
		"?startIndex=0": all, "?startIndex=-3&count=1": all[:1], "?count=1000": all, "?sortBy=userName&sortOrder=descending": all, "?unknown=1": all,
	} {
		if got := ids(query); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	for _, query := range []string{"?startIndex=x", "?count=1.5", "?count=99999999999", "?filter=%zz"} {
		if got := s.ask("GET", "/Users"+query, ""); got.status != 400 {
			t.Errorf("%s: %d %s", query, got.status, got.text)
		}
	}
	s.run([]step{
		{why: "a search in the body", method: "POST", path: "/Users/.search", status: 200, want: `{"totalResults":1,"Resources":[{"userName":"u3"}]}`,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName eq \"U3\"","startIndex":1,"count":10,
				"attributes":["userName"]}`},
	})
}

// Which attributes come is the client's to say; id and schemas always do.
func TestAttributesOfAnAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.run([]step{
		{why: "make", method: "POST", path: "/Users", body: entraUser, status: 201, is: "ana"},
		{why: "some", method: "GET", path: "/Users/{ana}?attributes=userName,name.givenName", status: 200, absent: "displayName emails meta active",
			want: `{"id":"{ana}","userName":"Ana@example.com","name":{"givenName":"Ana"}}`},
		{why: "by URN", method: "GET", path: "/Users/{ana}?attributes=urn:ietf:params:scim:schemas:core:2.0:User:userName," +
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
			status: 200, absent: "name", want: `{"userName":"Ana@example.com","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales"}}`},
		{why: "all but some", method: "GET", path: "/Users/{ana}?excludedAttributes=emails,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,id",
			status: 200,
			absent: "emails urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", want: `{"id":"{ana}","userName":"Ana@example.com","title":"Engineer"}`},
		{why: "of a new one", method: "POST", path: "/Groups?excludedAttributes=members", status: 201, is: "staff", absent: "members",
			body: `{"displayName":"Staff","members":[{"value":"{ana}"}]}`},
		{why: "of a changed group", method: "PATCH", path: "/Groups/{staff}?attributes=members", status: 200, want: `{"members":[{"value":"{ana}"}]}`,
			body: `{"Operations":[{"op":"add","path":"displayName","value":"All"}]}`},
	})
	got := s.ask("GET", "/Users/{ana}?attributes=name.givenName", "")
	if name, _ := got.body["name"].(map[string]any); len(name) != 1 {
		t.Errorf("more of the name than was asked for: %s", got.text)
	}
}

// A PATCH takes effect whole or not at all, whatever is wrong with one operation.
func TestPatchIsAtomic(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.run([]step{
		{why: "make", method: "POST", path: "/Users", body: entraUser, status: 201, is: "ana"},
		{why: "make", method: "POST", path: "/Users", body: `{"userName":"bob","externalId":"b"}`, status: 201, is: "bob"},
		{why: "make", method: "POST", path: "/Groups", body: `{"displayName":"Staff"}`, status: 201, is: "staff"},
	})
	const good = `{"op":"replace","path":"displayName","value":"Changed"}`
	for wrong, want := range map[string]string{
		`{"op":"replace","path":"id","value":"x"}`:                                  "mutability",
		`{"op":"remove","path":"userName"}`:                                         "mutability",
		`{"op":"replace","path":"userName","value":null}`:                           "mutability",
		`{"op":"replace","path":"groups","value":[]}`:                               "mutability",
		`{"op":"replace","path":"userName","value":""}`:                             "invalidValue",
		`{"op":"replace","path":"active","value":"perhaps"}`:                        "invalidValue",
		`{"op":"replace","path":"name","value":"Ana"}`:                              "invalidValue",
		`{"op":"replace","path":"title","value":{"a":1}}`:                           "invalidValue",
		`{"op":"replace","value":"x"}`:                                              "invalidValue",
		`{"op":"remove"}`:                                                           "noTarget",
		`{"op":"add","path":"phoneNumbers[value pr].type","value":"x"}`:             "noTarget",
		`{"op":"replace","path":"emails[type ne \"work\"].value","value":"x"}`:      "invalidFilter",
		`{"op":"replace","path":"emails[type eq \"work\"]x","value":"x"}`:           "invalidPath",
		`{"op":"replace","path":"name[givenName eq \"A\"].familyName","value":"x"}`: "invalidPath",
		`{"op":"replace","path":"a b","value":"x"}`:                                 "invalidPath",
		`{"op":"replace","path":5,"value":"x"}`:                                     "invalidPath",
		`{"op":"move","path":"title","value":"x"}`:                                  "invalidSyntax",
		`{"path":"title","value":"x"}`:                                              "invalidSyntax",
		`{"op":"add","Op":"remove","path":"title","value":"x"}`:                     "invalidSyntax",
		`"x"`: "invalidSyntax",
		`{"op":"replace","path":"userName","value":"BOB"}`: "uniqueness",
		`{"op":"replace","path":"externalId","value":"b"}`: "uniqueness",
	} {
		got := s.ask("PATCH", "/Users/{ana}", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+good+`,`+wrong+`]}`)
		if got.status/100 != 4 || got.body["scimType"] != want {
			t.Errorf("%s: %d %s, want %s", wrong, got.status, got.text, want)
		}
		if got := s.ask("GET", "/Users/{ana}", ""); got.body["displayName"] != "Ana Ito" {
			t.Errorf("%s: half of it took effect: %s", wrong, got.text)
		}
	}
	for _, body := range []string{"", "{}", "[]", "null", `{"Operations":[]}`, `{"Operations":{}}`, `{"Operations":[` + good + `]} x`,
		`{"schemas":["other"],"Operations":[` + good + `]}`,
		strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17)} {
		if got := s.ask("PATCH", "/Users/{ana}", body); got.status != 400 || got.body["scimType"] != "invalidSyntax" {
			t.Errorf("%.60s: %d %s", body, got.status, got.text)
		}
	}
	s.run([]step{
		{why: "members before something wrong", method: "PATCH", path: "/Groups/{staff}", status: 400,
			body: `{"Operations":[{"op":"add","path":"members","value":[{"value":"{ana}"}]},{"op":"replace","path":"displayName","value":""}]}`},
		{why: "nobody came", method: "GET", path: "/Groups/{staff}", status: 200, want: `{"displayName":"Staff","members":[]}`},
		{why: "members that are unknown are passed over", method: "PATCH", path: "/Groups/{staff}", status: 204,
			body: `{"Operations":[{"op":"add","path":"members","value":[{"value":"{ana}"},{"value":"{staff}",
				"type":"Group"},{"value":"nobody"},{"value":"5b9c7a51-0000-4000-8000-000000000000"}]}]}`},
		{why: "the known one came", method: "GET", path: "/Groups/{staff}", status: 200, want: `{"members":[{"value":"{ana}"}]}`},
		{why: "without a value", method: "PATCH", path: "/Groups/{staff}", status: 400, want: `{"scimType":"invalidValue"}`,
			body: `{"Operations":[{"op":"add","path":"members","value":[{"display":"Ana"}]}]}`},
		{why: "without a path and a value, all go", method: "PATCH", path: "/Groups/{staff}", status: 204, body: `{"Operations":[{"op":"remove","path":"members"}]}`},
		{why: "nobody", method: "GET", path: "/Groups/{staff}", status: 200, want: `{"members":[]}`},
	})
}

// Values are added, replaced and removed as RFC 7644 says, and where Entra means more,
// as Entra means it.
func TestPatchOfValues(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.run([]step{{why: "make", method: "POST", path: "/Users", status: 201, is: "ana", body: `{"userName":"ana","name":{"givenName":"Ana","familyName":"Ito"}}`}})
	for i, c := range []struct{ ops, want, absent string }{
		{`{"op":"add","path":"emails","value":[{"value":"a@x","type":"work","primary":true}]}`, `{"emails":[{"value":"a@x","type":"work","primary":true}]}`, ""},
		{`{"op":"add","path":"emails","value":[{"value":"a@x","type":"work","primary":true}]}`, `{"emails":[{"value":"a@x","type":"work","primary":true}]}`, ""},
		{`{"op":"add","path":"emails","value":{"value":"b@x","type":"home","primary":true}}`,
			`{"emails":[{"value":"a@x","primary":false},{"value":"b@x","primary":true}]}`, ""},
		{`{"op":"replace","path":"emails[type eq \"work\"]","value":{"value":"c@x"}}`, `{"emails":[{"value":"c@x","type":"work"},{"value":"b@x"}]}`, ""},
		{`{"op":"replace","path":"emails[type eq \"other\"].value","value":"o@x"}`,
			`{"emails":[{"value":"c@x"},{"value":"b@x"},{"value":"o@x","type":"other"}]}`, ""},
		{`{"op":"remove","path":"emails[type eq \"other\"].value"}`, `{"emails":[{"value":"c@x"},{"value":"b@x"}]}`, ""},
		{`{"op":"remove","path":"emails[type eq \"nothing\"]"}`, `{"emails":[{"value":"c@x"},{"value":"b@x"}]}`, ""},
		{`{"op":"remove","path":"emails","value":[{"value":"c@x"}]}`, `{"emails":[{"value":"b@x"}]}`, ""},
		{`{"op":"remove","path":"emails"}`, ``, "emails"},
		{`{"op":"add","path":"emails[type eq \"work\" and primary eq true].value","value":"w@x"}`, `{"emails":[{"value":"w@x","type":"work","primary":true}]}`, ""},
		{`{"op":"replace","path":"name","value":{"givenName":"Anna"}}`, `{"name":{"givenName":"Anna","familyName":"Ito"}}`, ""},
		{`{"op":"remove","path":"name.givenName"}`, `{"name":{"familyName":"Ito"}}`, ""},
		{`{"op":"remove","path":"name.familyName"}`, ``, "name"},
		{`{"op":"add","value":{"title":"Lead","name":{"formatted":"A"},"NICKNAME":"Nan","id":"x","meta":{},"schemas":["x"],"unknown":1,"a b":2}}`,
			`{"title":"Lead","name":{"formatted":"A"},"nickName":"Nan","id":"{ana}"}`, "unknown NICKNAME"},
		{`{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:title","value":"Head"}`, `{"title":"Head"}`, ""},
		{`{"op":"replace","path":"title","value":null}`, ``, "title"},
		{`{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","value":{"department":"Sales","manager.displayName":"M"}}`,
			`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","manager":{"displayName":"M"}}}`, ""},
		{`{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value","value":"m"}`,
			`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"displayName":"M","value":"m"}}}`, ""},
		{`{"op":"remove","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}`, ``, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"},
		{`{"op":"add","path":"password","value":"secret"},{"op":"add","path":"schemas","value":["x"]}`, `{"userName":"ana"}`, "password"},
		{`{"op":"replace","path":"active","value":"FALSE"}`, `{"active":false}`, ""},
		{`{"op":"remove","path":"active"}`, ``, "active"},
		{`{"op":"replace","path":"userName","value":"ana.ito"}`, `{"userName":"ana.ito"}`, ""},
	} {
		s.run([]step{{why: fmt.Sprintf("%d %s", i, c.ops), method: "PATCH", path: "/Users/{ana}", status: 200, want: c.want, absent: c.absent,
			body: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + c.ops + `]}`}})
	}
}

// A version that is asked for must be the one that is there; what changes nothing
// makes no new one.
func TestVersions(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.run([]step{{why: "make", method: "POST", path: "/Users", body: oktaUser, status: 201, is: "ana"}})
	send := func(method, header, value, body string) reply {
		r := s.request(method, "/Users/{ana}", body)
		r.Header.Set(header, value)
		return s.send(r)
	}
	got := s.ask("GET", "/Users/{ana}", "")
	if got.header.Get("ETag") != `W/"1"` || got.header.Get("Location") != publicURL+"/scim/entra/v2/Users/"+s.ids["ana"] {
		t.Errorf("headers %v", got.header)
	}
	if got := send("GET", "If-None-Match", `W/"1"`, ""); got.status != 304 || got.text != "" {
		t.Errorf("unchanged: %d %s", got.status, got.text)
	}
	const title = `{"Operations":[{"op":"replace","path":"title","value":"x"}]}`
	for _, tag := range []string{`W/"2"`, `"0"`, `x`} {
		if got := send("PATCH", "If-Match", tag, title); got.status != 412 || got.body["scimType"] != "invalidVers" {
			t.Errorf("%s: %d %s", tag, got.status, got.text)
		}
		if got := send("DELETE", "If-Match", tag, ""); got.status != 412 {
			t.Errorf("%s: %d %s", tag, got.status, got.text)
		}
	}
	for _, tag := range []string{`W/"1"`, `"7", W/"2"`, `*`} {
		if got := send("PATCH", "If-Match", tag, title); got.status != 200 || got.header.Get("ETag") != `W/"2"` {
			t.Errorf("%s: %d %s", tag, got.status, got.header)
		}
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/", 404}, {"GET", "/users", 404}, {"GET", "/Nothing", 404}, {"POST", "/Bulk", 501}, {"GET", "/Me", 501}, {"PATCH", "/Me", 501}, {"POST",
			"/.search", 501},
		{"DELETE", "/Users", 405}, {"PUT", "/Users", 405}, {"POST", "/Schemas", 405}, {"GET", "/Schemas/other", 404}, {"GET", "/ResourceTypes/Other", 404},
		{"HEAD", "/ServiceProviderConfig", 200}, {"GET", "/Users/%00", 404}, {"GET", "/Users/..%2fGroups", 404}, {"GET", "/ResourceTypes/User", 200},
	} {
		if got := s.ask(c.method, c.path, ""); got.status != c.status {
			t.Errorf("%s %s: %d %s, want %d", c.method, c.path, got.status, got.text, c.status)
		}
	}
}
