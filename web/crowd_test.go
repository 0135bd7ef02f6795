package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func TestCrowdUser(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.People()
	ana, err := s.Store.User(context.Background(), "ana")
	s.Must(err)
	base := s.URL + webtest.CrowdBase
	want := `<user name="Ana" expand="attributes"><link rel="self" href="` + base + `/user?username=Ana"></link>` +
		`<first-name>Ana</first-name><last-name>Díaz</last-name><display-name>Ana Díaz</display-name><email>ana@example.com</email>` +
		`<key>` + ana.ID + `</key><active>true</active>` +
		`<password><link rel="edit" href="` + base + `/user/password?username=Ana"></link></password>` +
		`<attributes><link rel="self" href="` + base + `/user/attribute?username=Ana"></link></attributes></user>`
	for _, path := range []string{"/user?username=ANA", "/user?key=" + ana.ID, "/user?username=ana&expand=attributes"} {
		if got := s.Ask("GET", path, "xml", ""); got.Status != 200 || got.XmlBody() != want {
			t.Errorf("%s answered %d\n%s\nwant\n%s", path, got.Status, got.XmlBody(), want)
		}
	}
	var got map[string]any
	res := s.Ask("GET", "/user?username=ana", "json", "")
	s.Must(json.Unmarshal([]byte(res.Body), &got))
	if got["name"] != "Ana" || got["first-name"] != "Ana" || got["active"] != true || got["key"] != ana.ID {
		t.Errorf("JSON: %s", res.Body)
	}
	if res.Header.Get("X-Embedded-Crowd-Version") == "" || res.Header.Get("Set-Cookie") != "" {
		t.Errorf("headers: %v", res.Header)
	}
	if res := s.Ask("GET", "/user?username=bob", "json", ""); !strings.Contains(res.Body, `"active":false`) {
		t.Errorf("a deactivated user: %s", res.Body)
	}
}

func TestCrowdErrors(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.People()
	for _, c := range []struct {
		method, path, body string
		status             int
		reason             string
	}{
		{"GET", "/user?username=nobody", "", 404, "USER_NOT_FOUND"},
		{"GET", "/user?key=1:12", "", 404, "USER_NOT_FOUND"},
		{"GET", "/user", "", 400, "ILLEGAL_ARGUMENT"},
		{"GET", "/group?groupname=nothing", "", 404, "GROUP_NOT_FOUND"},
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
		{"POST", "/search?entity-type=user", `<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><null-search-restriction>&e;</null-search-restriction>`,
			400, "ILLEGAL_ARGUMENT"},
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
			res := s.Ask(c.method, c.path, accept, c.body)
			want := "<error><reason>" + c.reason + "</reason><message>"
			if accept == "json" {
				want = `{"reason":"` + c.reason + `","message":"`
			}
			if res.Header.Get("X-Embedded-Crowd-Version") == "" {
				t.Errorf("%s %s: Atlassian's client would not believe that this is Crowd", c.method, c.path)
			}
			if res.Status != c.status || !strings.Contains(res.Body, want) {
				t.Errorf("%s %s answered %d %s, want %d %s", c.method, c.path, res.Status, res.Body, c.status, c.reason)
			}
		}
	}
}

// After each sign-in by OpenID Connect an app asks what is known of the person.
func TestCrowdSignInByTheOtherIntegration(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.People()
	for _, body := range []string{"", `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><password/>`} {
		res := s.Ask("POST", "/authentication/notify?username=ANA", "xml", body)
		if want := s.Ask("GET", "/user?username=ana", "xml", ""); res.Status != http.StatusOK || res.Body != want.Body {
			t.Errorf("answered %d %s, want %s", res.Status, res.Body, want.Body)
		}
	}
}

func propertyXML(name, kind, match, value string) string {
	return "<property-search-restriction><property><name>" + name + "</name><type>" + kind + "</type></property><match-mode>" +
		match + "</match-mode><value>" + value + "</value></property-search-restriction>"
}
