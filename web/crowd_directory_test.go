package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func wantNames(t *testing.T, what string, p *webtest.Page, want ...string) {
	t.Helper()
	if p.Status != 200 {
		t.Errorf("%s answered %d %s", what, p.Status, p.Body)
		return
	}
	if got := p.Names(t); !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestCrowdSearch(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.People()
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
			wantNames(t, c.restriction, s.Ask("POST", path, accept, c.restriction), c.want...)
		}
	}
	for query, want := range map[string][]string{
		``: {"Ana", "bob"}, `name = ana`: {"Ana"}, `email = "*example.org"`: {"bob"}, `active=true`: {"Ana"},
		`displayName = '*íaz' and (active = false or firstName = an*)`: {"Ana"},
		`createdDate > 2001-01-31 and name = *`:                        {"Ana", "bob"},
		`active = false or active = true and name = nobody`:            {"bob"},
	} {
		wantNames(t, query, s.Ask("GET", "/search?entity-type=user&restriction="+url.QueryEscape(query), "json", ""), want...)
	}
}

func TestCrowdListsOfNames(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.People()
	base := s.URL + webtest.CrowdBase
	want := `<users expand="user"><user name="bob"><link rel="self" href="` + base + `/user?username=bob"></link></user></users>`
	got := s.Ask("POST", "/search?entity-type=user", "xml", propertyXML("name", "STRING", "EXACTLY_MATCHES", "bob"))
	if got.XmlBody() != want {
		t.Errorf("got  %s\nwant %s", got.XmlBody(), want)
	}
	want = `{"expand":"group","groups":[{"name":"Jira Users","link":{"rel":"self","href":"` + base + `/group?groupname=Jira+Users"}}]}`
	if got := s.Ask("GET", "/user/group/nested?username=BOB", "json", ""); got.Body != want {
		t.Errorf("got  %s\nwant %s", got.Body, want)
	}
}

func TestCrowdMemberships(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.People()
	_, err := s.Store.CreateGroup(context.Background(), webtest.Tester, model.Group{Name: `Z "quoted" & <odd>`})
	s.Must(err)
	want := `<memberships><membership group="Jira Users"><users><user name="A"/><user name="B"/></users><groups/></membership>` +
		`<membership group="jira-administrators"><users><user name="A"/></users><groups/></membership>` +
		`<membership group="Z &#34;quoted&#34; &amp; &lt;odd&gt;"><users></users><groups/></membership></memberships>`
	got := s.Ask("GET", "/group/membership", "xml", "")
	if order(got.XmlBody()) != want {
		t.Errorf("got  %s\nwant %s", order(got.XmlBody()), want)
	}
	var list struct {
		Memberships []struct {
			Group string
			Users []struct{ Name string }
		}
	}
	s.Must(json.Unmarshal([]byte(s.Ask("GET", "/group/membership", "json", "").Body), &list))
	if len(list.Memberships) != 3 || len(list.Memberships[0].Users) != 2 || len(list.Memberships[2].Users) != 0 {
		t.Errorf("JSON: %+v", list)
	}
	wantNames(t, "members", s.Ask("GET", "/group/user/direct?groupname=jira+users", "xml", ""), "Ana", "bob")
	wantNames(t, "groups", s.Ask("GET", "/user/group/direct?username=ana&expand=group", "xml", ""), "Jira Users", "jira-administrators")
	wantNames(t, "children", s.Ask("GET", "/group/child-group/direct?groupname=jira+users", "json", ""))
	wantNames(t, "parents", s.Ask("GET", "/group/parent-group/nested?groupname=jira+users", "xml", ""))
	if got := s.Ask("GET", "/group/user/direct?groupname=jira+users&username=BOB", "json", ""); got.Status != 200 || !strings.Contains(got.Body, `"name":"bob"`) {
		t.Errorf("membership: %d %s", got.Status, got.Body)
	}
}

// order names Ana and Bob by letters, and puts two users in that order: the
// document has them in the order of their keys.
func order(body string) string {
	body = strings.NewReplacer(`"Ana"`, `"A"`, `"bob"`, `"B"`).Replace(body)
	return regexp.MustCompile(`<user name="B"/><user name="A"/>`).ReplaceAllString(body, `<user name="A"/><user name="B"/>`)
}

// An app that may see chosen groups sees no others, anywhere.
func TestCrowdChosenGroups(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.People()
	s.Must(s.Store.SaveApp(context.Background(), webtest.Tester, model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", Product: "jira",
		Groups: []string{"jira users"}}))
	wantNames(t, "search", s.Ask("POST", "/search?entity-type=group", "xml", ""), "Jira Users")
	wantNames(t, "groups of a user", s.Ask("GET", "/user/group/nested?username=ana", "xml", ""), "Jira Users")
	for _, path := range []string{"/group?groupname=jira-administrators", "/group/user/direct?groupname=jira-administrators",
		"/user/group/direct?username=ana&groupname=jira-administrators", "/group/child-group/direct?groupname=jira-administrators",
		"/group/attribute?groupname=jira-administrators", "/group/parent-group/direct?groupname=jira-administrators",
		"/group/parent-group/nested?groupname=jira-administrators", "/group/user/nested?groupname=jira-administrators&username=ana"} {
		if got := s.Ask("GET", path, "xml", ""); got.Status != 404 || !strings.Contains(got.Body, "GROUP_NOT_FOUND") {
			t.Errorf("%s answered %d %s", path, got.Status, got.Body)
		}
	}
	for _, accept := range []string{"xml", "json"} {
		if got := s.Ask("GET", "/group/membership", accept, "").Body; strings.Contains(got, "administrators") || !strings.Contains(got, "Jira Users") {
			t.Errorf("memberships: %s", got)
		}
	}
	wantNames(t, "search by name", s.Ask("GET", "/search?entity-type=group&restriction="+url.QueryEscape(`name = jira-administrators`), "xml", ""))
	wantNames(t, "search by description", s.Ask("GET", "/search?entity-type=group&restriction="+url.QueryEscape(`description = "*everything*"`), "json", ""))
	wantNames(t, "search by part of the name", s.Ask("GET", "/search?entity-type=group&restriction="+url.QueryEscape(`name = "jira*" or name = x`), "xml", ""),
		"Jira Users")
}

func TestCrowdPages(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	for i := range 7 {
		_, err := s.Store.CreateUser(context.Background(), webtest.Tester, model.User{Username: fmt.Sprintf("u%d", i), Active: true}, nil)
		s.Must(err)
	}
	page := func(start, most int) *webtest.Page {
		return s.Ask("POST", fmt.Sprintf("/search?entity-type=user&start-index=%d&max-results=%d", start, most), "json", "")
	}
	wantNames(t, "in the middle", page(4, 2), "u4", "u5")
	wantNames(t, "first", page(0, 3), "u0", "u1", "u2")
	wantNames(t, "last", page(6, 3), "u6")
	wantNames(t, "behind the end", page(1000000000, 3))
	wantNames(t, "all", page(0, -1), "u0", "u1", "u2", "u3", "u4", "u5", "u6")
	wantNames(t, "none", page(0, 0))
}
