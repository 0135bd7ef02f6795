package crowd_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestUser(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	ana, err := s.store.User(context.Background(), "ana")
	s.must(err)
	base := s.url + crowdBase
	want := `<user name="Ana" expand="attributes"><link rel="self" href="` + base + `/user?username=Ana"></link>` +
		`<first-name>Ana</first-name><last-name>Díaz</last-name><display-name>Ana Díaz</display-name><email>ana@example.com</email>` +
		`<key>` + ana.ID + `</key><active>true</active>` +
		`<password><link rel="edit" href="` + base + `/user/password?username=Ana"></link></password>` +
		`<attributes><link rel="self" href="` + base + `/user/attribute?username=Ana"></link></attributes></user>`
	for _, path := range []string{"/user?username=ANA", "/user?key=" + ana.ID, "/user?username=ana&expand=attributes"} {
		if got := s.ask("GET", path, "xml", ""); got.status != 200 || got.xmlBody() != want {
			t.Errorf("%s answered %d\n%s\nwant\n%s", path, got.status, got.xmlBody(), want)
		}
	}
	var got map[string]any
	res := s.ask("GET", "/user?username=ana", "json", "")
	s.must(json.Unmarshal([]byte(res.body), &got))
	if got["name"] != "Ana" || got["first-name"] != "Ana" || got["active"] != true || got["key"] != ana.ID {
		t.Errorf("JSON: %s", res.body)
	}
	if res.header.Get("X-Embedded-Crowd-Version") == "" || res.header.Get("Set-Cookie") != "" {
		t.Errorf("headers: %v", res.header)
	}
	if res := s.ask("GET", "/user?username=bob", "json", ""); !strings.Contains(res.body, `"active":false`) {
		t.Errorf("a deactivated user: %s", res.body)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	for _, c := range []struct {
		method, path, body string
		status             int
		reason             string
	}{
		{"GET", "/user?username=nobody", "", 404, "USER_NOT_FOUND"},
		{"GET", "/user?key=1:12", "", 404, "USER_NOT_FOUND"},
		{"GET", "/user", "", 400, "ILLEGAL_ARGUMENT"},
		{"GET", "/group?groupname=nothing", "", 404, "GROUP_NOT_FOUND"},
		{"GET", "/group", "", 400, "ILLEGAL_ARGUMENT"},
		{"GET", "/group/user/direct", "", 400, "ILLEGAL_ARGUMENT"},
		{"GET", "/group/parent-group/direct", "", 400, "ILLEGAL_ARGUMENT"},
		{"GET", "/group/child-group/nested?groupname=nothing", "", 404, "GROUP_NOT_FOUND"},
		{"GET", "/group/child-group/direct?groupname=Jira+Users&child-groupname=jira-administrators", "", 404, "MEMBERSHIP_NOT_FOUND"},
		{"GET", "/group/parent-group/nested?groupname=Jira+Users&parent-groupname=jira-administrators", "", 404, "MEMBERSHIP_NOT_FOUND"},
		{"GET", "/group/user/direct?groupname=nothing", "", 404, "GROUP_NOT_FOUND"},
		{"GET", "/user/group/direct?username=bob&groupname=jira-administrators", "", 404, "MEMBERSHIP_NOT_FOUND"},
		{"GET", "/group/user/nested?username=bob&groupname=jira-administrators", "", 404, "MEMBERSHIP_NOT_FOUND"},
		{"POST", "/authentication?username=ana", "<password><value>x</value></password>", 400, "INVALID_USER_AUTHENTICATION"},
		{"POST", "/authentication?username=nobody", `{"value":"x"}`, 400, "INVALID_USER_AUTHENTICATION"},
		{"POST", "/authentication?username=bob", "<password><value>x</value></password>", 400, "INACTIVE_ACCOUNT"},
		{"POST", "/session", `{"username":"ana","password":"x"}`, 400, "INVALID_USER_AUTHENTICATION"},
		{"POST", "/session?validate-password=false", `{"username":"bob"}`, 400, "INACTIVE_ACCOUNT"},
		{"GET", "/session/unknown", "", 404, "INVALID_SSO_TOKEN"},
		{"GET", "/event/unknown", "", 400, "EVENT_TOKEN_EXPIRED"},
		{"GET", "/event/OTk5OTk5OTk5OTk6OTk5OTk5OTk5OTk6", "", 400, "EVENT_TOKEN_EXPIRED"},
		{"GET", "/event/OTo5OjE", "", 400, "EVENT_TOKEN_EXPIRED"},
		{"GET", "/nothing", "", 404, "UNSUPPORTED_OPERATION"},
		{"POST", "/webhook", "<webhook/>", 404, "UNSUPPORTED_OPERATION"},
		{"DELETE", "/webhook/1", "", 404, "UNSUPPORTED_OPERATION"},
		{"PUT", "/user/authenticated?username=ana", "", 404, "UNSUPPORTED_OPERATION"},
		{"POST", "/authentication/notify?username=nobody", "<password/>", 404, "USER_NOT_FOUND"},
		{"POST", "/authentication/notify?username=bob", "<password/>", 400, "INACTIVE_ACCOUNT"},
		{"POST", "/authentication/notify", "<password/>", 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/user/rename?username=ana", "<new-name/>", 403, "APPLICATION_PERMISSION_DENIED"},
		{"POST", "/user/expire-all-passwords?confirm=true", "", 403, "APPLICATION_PERMISSION_DENIED"},
		{"POST", "/user", "<user/>", 403, "APPLICATION_PERMISSION_DENIED"},
		{"PUT", "/user?username=ana", "<user/>", 403, "APPLICATION_PERMISSION_DENIED"},
		{"DELETE", "/user?username=ana", "", 403, "APPLICATION_PERMISSION_DENIED"},
		{"PUT", "/user/password?username=ana", "<password/>", 403, "APPLICATION_PERMISSION_DENIED"},
		{"POST", "/user/attribute?username=ana", "<attributes/>", 403, "APPLICATION_PERMISSION_DENIED"},
		{"POST", "/user/group/direct?username=ana", "<group/>", 403, "APPLICATION_PERMISSION_DENIED"},
		{"POST", "/group", "<group/>", 403, "APPLICATION_PERMISSION_DENIED"},
		{"DELETE", "/group?groupname=Jira+Users", "", 403, "APPLICATION_PERMISSION_DENIED"},
		{"POST", "/group/user/direct?groupname=Jira+Users", "<user/>", 403, "APPLICATION_PERMISSION_DENIED"},
		{"DELETE", "/group/child-group/direct?groupname=Jira+Users&child-groupname=x", "", 403, "APPLICATION_PERMISSION_DENIED"},
		{"POST", "/search?entity-type=alias", "", 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user&start-index=-1", "", 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user&max-results=99999999999999999999", "", 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user", strings.Repeat(" ", 10<<20), 413, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user", "<null-search-restriction>", 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user", `{"restriction-type":`, 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user",
			`<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><null-search-restriction>&e;</null-search-restriction>`, 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user", "<odd-search-restriction/>", 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user", propertyXML("shoe", "STRING", "CONTAINS", "9"), 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user", propertyXML("name", "STRING", "RESEMBLES", "9"), 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user", propertyXML("active", "BOOLEAN", "EXACTLY_MATCHES", "perhaps"), 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user", propertyXML("createdDate", "DATE", "LESS_THAN", "soon"), 400, "ILLEGAL_ARGUMENT"},
		{"GET", "/search?entity-type=user&restriction=" + url.QueryEscape(`shoe = 9`), "", 400, "ILLEGAL_ARGUMENT"},
		{"GET", "/search?entity-type=user&restriction=" + url.QueryEscape(`(name = "a`), "", 400, "ILLEGAL_ARGUMENT"},
		{"GET", "/search?entity-type=user&restriction=%zz", "", 400, "ILLEGAL_ARGUMENT"},
		{"GET", "/search?entity-type=user&restriction=name;=ana", "", 400, "ILLEGAL_ARGUMENT"},
		{"POST", "/search?entity-type=user", `<boolean-search-restriction boolean-logic="and"><restrictions/></boolean-search-restriction>`, 400, "ILLEGAL_ARGUMENT"},
	} {
		for _, accept := range []string{"xml", "json"} {
			res := s.ask(c.method, c.path, accept, c.body)
			want := "<error><reason>" + c.reason + "</reason><message>"
			if accept == "json" {
				want = `{"reason":"` + c.reason + `","message":"`
			}
			if res.header.Get("X-Embedded-Crowd-Version") == "" {
				t.Errorf("%s %s: Atlassian's client would not believe that this is Crowd", c.method, c.path)
			}
			if res.status != c.status || !strings.Contains(res.body, want) {
				t.Errorf("%s %s answered %d %s, want %d %s", c.method, c.path, res.status, res.body, c.status, c.reason)
			}
		}
	}
}

// After each sign-in by OpenID Connect an app asks what is known of the person.
func TestSignInByTheOtherRoad(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	s.people()
	for _, body := range []string{"", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><password/>`} {
		res := s.ask("POST", "/authentication/notify?username=ANA", "xml", body)
		if want := s.ask("GET", "/user?username=ana", "xml", ""); res.status != http.StatusOK || res.body != want.body {
			t.Errorf("answered %d %s, want %s", res.status, res.body, want.body)
		}
	}
}

func propertyXML(name, kind, match, value string) string {
	return "<property-search-restriction><property><name>" + name + "</name><type>" + kind + "</type></property><match-mode>" +
		match + "</match-mode><value>" + value + "</value></property-search-restriction>"
}
