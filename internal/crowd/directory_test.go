package crowd_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// names are the names in a list, in order.
func (p *page) names(t *testing.T) []string {
	t.Helper()
	if strings.HasPrefix(p.body, "{") {
		var list struct {
			Users, Groups []struct{ Name string }
		}
		if err := json.Unmarshal([]byte(p.body), &list); err != nil {
			t.Fatalf("%v in %s", err, p.body)
		}
		names := []string{}
		for _, e := range append(list.Users, list.Groups...) {
			names = append(names, e.Name)
		}
		return names
	}
	var list struct {
		Entries []struct {
			Name string `xml:"name,attr"`
		} `xml:",any"`
	}
	if err := xml.Unmarshal([]byte(p.body), &list); err != nil {
		t.Fatalf("%v in %s", err, p.body)
	}
	names := []string{}
	for _, e := range list.Entries {
		names = append(names, e.Name)
	}
	return names
}

func wantNames(t *testing.T, what string, p *page, want ...string) {
	t.Helper()
	if p.status != 200 {
		t.Errorf("%s answered %d %s", what, p.status, p.body)
		return
	}
	if got := p.names(t); !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	boolean := func(logic string, parts ...string) string {
		return `<boolean-search-restriction boolean-logic="` + logic + `"><restrictions>` + strings.Join(parts, "") +
			"</restrictions></boolean-search-restriction>"
	}
	jsonProperty := func(name, match, value string) string {
		return `{"restriction-type":"property-search-restriction","property":{"name":"` + name + `","type":"STRING"},"match-mode":"` +
			match + `","value":"` + value + `"}`
	}
	for _, c := range []struct {
		entity, restriction string
		want                []string
	}{
		{"user", "", []string{"Ana", "bob"}},
		{"user", "<null-search-restriction/>", []string{"Ana", "bob"}},
		{"user", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><null-search-restriction/>`, []string{"Ana", "bob"}},
		{"user", `{"restriction-type":"null-search-restriction"}`, []string{"Ana", "bob"}},
		{"user", propertyXML("name", "STRING", "EXACTLY_MATCHES", "ANA"), []string{"Ana"}},
		{"user", propertyXML("name", "STRING", "STARTS_WITH", "B"), []string{"bob"}},
		{"user", propertyXML("name", "STRING", "CONTAINS", "%"), []string{}},
		{"user", propertyXML("email", "STRING", "ENDS_WITH", "@Example.org"), []string{"bob"}},
		{"user", propertyXML("displayName", "STRING", "CONTAINS", "DÍAZ"), []string{"Ana"}},
		{"user", propertyXML("firstName", "STRING", "EXACTLY_MATCHES", "ana"), []string{"Ana"}},
		{"user", propertyXML("lastName", "STRING", "ENDS_WITH", "ÍAZ"), []string{"Ana"}},
		{"user", propertyXML("lastName", "STRING", "NULL", ""), []string{"bob"}},
		{"user", propertyXML("active", "BOOLEAN", "EXACTLY_MATCHES", "true"), []string{"Ana"}},
		{"user", propertyXML("createdDate", "DATE", "LESS_THAN", "2001-09-01T10:00:00.000+0000"), []string{}},
		{"user", propertyXML("updatedDate", "DATE", "GREATER_THAN", "999302400000"), []string{"Ana", "bob"}},
		{"user", boolean("or", propertyXML("name", "STRING", "EXACTLY_MATCHES", "bob"), propertyXML("name", "STRING", "EXACTLY_MATCHES", "ana")),
			[]string{"Ana", "bob"}},
		{"user", boolean("and", propertyXML("active", "BOOLEAN", "EXACTLY_MATCHES", "false"),
			boolean("or", propertyXML("name", "STRING", "EXACTLY_MATCHES", "bob"), propertyXML("name", "STRING", "EXACTLY_MATCHES", "ana"))),
			[]string{"bob"}},
		{"user", jsonProperty("email", "STARTS_WITH", "ana@"), []string{"Ana"}},
		{"user", `{"restriction-type":"boolean-search-restriction","boolean-logic":"or","restrictions":[` +
			jsonProperty("name", "EXACTLY_MATCHES", "ana") + "," + jsonProperty("name", "EXACTLY_MATCHES", "BOB") + `]}`, []string{"Ana", "bob"}},
		{"group", "", []string{"Jira Users", "jira-administrators"}},
		{"group", propertyXML("description", "STRING", "CONTAINS", "everything"), []string{"jira-administrators"}},
		{"group", propertyXML("active", "BOOLEAN", "EXACTLY_MATCHES", "false"), []string{}},
	} {
		for _, accept := range []string{"xml", "json"} {
			path := "/search?entity-type=" + c.entity + "&start-index=0&max-results=1000&expand=" + c.entity
			wantNames(t, c.restriction, s.ask("POST", path, accept, c.restriction), c.want...)
		}
	}
	for query, want := range map[string][]string{
		``: {"Ana", "bob"}, `name = ana`: {"Ana"}, `email = "*example.org"`: {"bob"}, `active=true`: {"Ana"},
		`displayName = '*íaz' and (active = false or firstName = an*)`: {"Ana"},
		`createdDate > 2001-01-31 and name = *`:                        {"Ana", "bob"},
		`active = false or active = true and name = nobody`:            {"bob"},
	} {
		wantNames(t, query, s.ask("GET", "/search?entity-type=user&restriction="+url.QueryEscape(query), "json", ""), want...)
	}
}

func TestListsOfNames(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	base := s.url + crowdBase
	want := `<users expand="user"><user name="bob"><link rel="self" href="` + base + `/user?username=bob"></link></user></users>`
	got := s.ask("POST", "/search?entity-type=user", "xml", propertyXML("name", "STRING", "EXACTLY_MATCHES", "bob"))
	if got.xmlBody() != want {
		t.Errorf("got  %s\nwant %s", got.xmlBody(), want)
	}
	want = `{"expand":"group","groups":[{"name":"Jira Users","link":{"rel":"self","href":"` + base + `/group?groupname=Jira+Users"}}]}`
	if got := s.ask("GET", "/user/group/nested?username=BOB", "json", ""); got.body != want {
		t.Errorf("got  %s\nwant %s", got.body, want)
	}
}

func TestMemberships(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	_, err := s.store.CreateGroup(context.Background(), tester, model.Group{Name: `Z "quoted" & <odd>`})
	s.must(err)
	want := `<memberships><membership group="Jira Users"><users><user name="A"/><user name="B"/></users><groups/></membership>` +
		`<membership group="jira-administrators"><users><user name="A"/></users><groups/></membership>` +
		`<membership group="Z &#34;quoted&#34; &amp; &lt;odd&gt;"><users></users><groups/></membership></memberships>`
	got := s.ask("GET", "/group/membership", "xml", "")
	if order(got.xmlBody()) != want {
		t.Errorf("got  %s\nwant %s", order(got.xmlBody()), want)
	}
	var list struct {
		Memberships []struct {
			Group string
			Users []struct{ Name string }
		}
	}
	s.must(json.Unmarshal([]byte(s.ask("GET", "/group/membership", "json", "").body), &list))
	if len(list.Memberships) != 3 || len(list.Memberships[0].Users) != 2 || len(list.Memberships[2].Users) != 0 {
		t.Errorf("JSON: %+v", list)
	}
	wantNames(t, "members", s.ask("GET", "/group/user/direct?groupname=jira+users", "xml", ""), "Ana", "bob")
	wantNames(t, "groups", s.ask("GET", "/user/group/direct?username=ana&expand=group", "xml", ""), "Jira Users", "jira-administrators")
	wantNames(t, "children", s.ask("GET", "/group/child-group/direct?groupname=jira+users", "json", ""))
	wantNames(t, "parents", s.ask("GET", "/group/parent-group/nested?groupname=jira+users", "xml", ""))
	if got := s.ask("GET", "/group/user/direct?groupname=jira+users&username=BOB", "json", ""); got.status != 200 || !strings.Contains(got.body, `"name":"bob"`) {
		t.Errorf("membership: %d %s", got.status, got.body)
	}
}

// order names Ana and Bob by letters, and puts two users in that order: the
// document has them in the order of their keys.
func order(body string) string {
	body = strings.NewReplacer(`"Ana"`, `"A"`, `"bob"`, `"B"`).Replace(body)
	return regexp.MustCompile(`<user name="B"/><user name="A"/>`).ReplaceAllString(body, `<user name="A"/><user name="B"/>`)
}

// An app that may see chosen groups sees no others, anywhere.
func TestChosenGroups(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	s.must(s.store.SaveApp(context.Background(), tester, model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", Product: "jira",
		Groups: []string{"jira users"}}))
	wantNames(t, "search", s.ask("POST", "/search?entity-type=group", "xml", ""), "Jira Users")
	wantNames(t, "groups of a user", s.ask("GET", "/user/group/nested?username=ana", "xml", ""), "Jira Users")
	for _, path := range []string{"/group?groupname=jira-administrators", "/group/user/direct?groupname=jira-administrators",
		"/user/group/direct?username=ana&groupname=jira-administrators", "/group/child-group/direct?groupname=jira-administrators",
		"/group/attribute?groupname=jira-administrators", "/group/parent-group/direct?groupname=jira-administrators",
		"/group/parent-group/nested?groupname=jira-administrators", "/group/user/nested?groupname=jira-administrators&username=ana"} {
		if got := s.ask("GET", path, "xml", ""); got.status != 404 || !strings.Contains(got.body, "GROUP_NOT_FOUND") {
			t.Errorf("%s answered %d %s", path, got.status, got.body)
		}
	}
	for _, accept := range []string{"xml", "json"} {
		if got := s.ask("GET", "/group/membership", accept, "").body; strings.Contains(got, "administrators") || !strings.Contains(got, "Jira Users") {
			t.Errorf("memberships: %s", got)
		}
	}
	wantNames(t, "search by name", s.ask("GET", "/search?entity-type=group&restriction="+url.QueryEscape(`name = jira-administrators`), "xml", ""))
	wantNames(t, "search by description", s.ask("GET", "/search?entity-type=group&restriction="+url.QueryEscape(`description = "*everything*"`), "json", ""))
	wantNames(t, "search by part of the name", s.ask("GET", "/search?entity-type=group&restriction="+url.QueryEscape(`name = "jira*" or name = x`), "xml", ""),
		"Jira Users")
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	for i := range 7 {
		_, err := s.store.CreateUser(context.Background(), tester, model.User{Username: fmt.Sprintf("u%d", i), Active: true}, nil)
		s.must(err)
	}
	page := func(start, most int) *page {
		return s.ask("POST", fmt.Sprintf("/search?entity-type=user&start-index=%d&max-results=%d", start, most), "json", "")
	}
	wantNames(t, "in the middle", page(4, 2), "u4", "u5")
	wantNames(t, "first", page(0, 3), "u0", "u1", "u2")
	wantNames(t, "last", page(6, 3), "u6")
	wantNames(t, "behind the end", page(1000000000, 3))
	wantNames(t, "all", page(0, -1), "u0", "u1", "u2", "u3", "u4", "u5", "u6")
	wantNames(t, "none", page(0, 0))
}

// An app that names no number gets a thousand entries, and one that wants all of
// them says so.
func TestListsAreBounded(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	s := newSite(t, st, nil)
	_, err := st.Pool().Exec(context.Background(), `insert into groups (name, name_key, description, search_key)
		select 'g' || i, 'g' || i, '', 'g' || i from generate_series(1, 1001) i`)
	s.must(err)
	for query, want := range map[string]int{"": 1000, "&max-results=1001": 1001, "&max-results=-1": 1001, "&start-index=1000": 1} {
		if got := len(s.ask("GET", "/search?entity-type=group"+query, "json", "").names(t)); got != want {
			t.Errorf("%q gives %d groups, want %d", query, got, want)
		}
	}
}
