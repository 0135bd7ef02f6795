package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// xmlHead begins every body that Atlassian's client sends.
const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`

// The requests of the client that is in Jira, Confluence and Bitbucket, to the
// letter. It sends no X-Embedded-Crowd-Version and wants it in every answer.
func TestCrowdRequestsOfAtlassiansClient(t *testing.T) {
	t.Parallel()
	s := webtest.NewCrowdSite(t, storetest.OpenPool(t), nil)
	s.People()
	everything := xmlHead + "<null-search-restriction/>"
	nobody := xmlHead + "<property-search-restriction><match-mode>NULL</match-mode>" +
		"<property><name>name</name><type>STRING</type></property></property-search-restriction>"
	_, token := s.Since("")
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string // part of the answer
	}{
		// The connection test.
		{"POST", "/search?entity-type=user&start-index=0&max-results=1&expand=user", nobody, 200, `<users expand="user"></users>`},
		// A full synchronization.
		{"GET", "/event", "", 200, ` incrementalSynchronisationAvailable="true"`},
		{"POST", "/search?entity-type=user&start-index=0&max-results=-1&expand=user,attributes", everything, 200, "<email>bob@example.org</email>"},
		{"POST", "/search?entity-type=user&start-index=0&max-results=-1&expand=user", everything, 200, "<active>false</active>"},
		{"POST", "/search?entity-type=user&start-index=0&max-results=-1", everything, 200, `<user name="bob"><link`},
		{"POST", "/search?entity-type=group&start-index=0&max-results=-1&expand=group,attributes", everything, 200, "<type>GROUP</type>"},
		{"POST", "/search?entity-type=group&start-index=0&max-results=-1&expand=group", everything, 200, "<description>May do everything</description>"},
		{"POST", "/search?entity-type=group&start-index=0&max-results=-1", everything, 200, `<group name="Jira Users"><link`},
		{"GET", "/group/membership", "", 200, `<membership group="Jira Users"><users><user name="`},
		{"GET", "/event", "", 200, ` newEventToken="`},
		// An incremental one.
		{"GET", "/event/" + token, "", 200, "</events>"},
		{"GET", "/event/RjEyMzo0NTY6", "", 400, "<reason>EVENT_TOKEN_EXPIRED</reason>"},
		// A sign-in: by OpenID Connect, and by password.
		{"POST", "/authentication/notify?username=ana", xmlHead + "<password/>", 200, `<user name="Ana" expand="attributes">`},
		{"POST", "/authentication/notify?username=bob", xmlHead + "<password/>", 400, "<reason>INACTIVE_ACCOUNT</reason>"},
		{"POST", "/authentication/notify?username=nobody", xmlHead + "<password/>", 404, "<reason>USER_NOT_FOUND</reason>"},
		{"POST", "/authentication?username=ana", xmlHead + "<password><value>secret</value></password>", 400, "<reason>INVALID_USER_AUTHENTICATION</reason>"},
		{"GET", "/user?username=ana", "", 200, "<display-name>Ana Díaz</display-name>"},
		{"GET", "/user?username=nobody&expand=attributes", "", 404, "<reason>USER_NOT_FOUND</reason>"},
		{"GET", "/user/group/direct?username=ana&start-index=0&max-results=-1", "", 200, `<group name="jira-administrators">`},
		{"GET", "/user/group/nested?username=ana&start-index=0&max-results=-1&expand=group", "", 200, "<active>true</active>"},
		{"GET", "/group?groupname=Jira+Users&expand=attributes", "", 200, `<group name="Jira Users" expand="attributes">`},
		{"GET", "/group/user/direct?groupname=Jira+Users&start-index=0&max-results=50", "", 200, `<user name="Ana">`},
		// What it does without when the answer is 404.
		{"POST", "/webhook", xmlHead + "<webhook><endpointUrl>https://jira.example.com</endpointUrl></webhook>", 404, "<reason>UNSUPPORTED_OPERATION</reason>"},
		{"DELETE", "/webhook/7", "", 404, "<reason>"},
		// What a read-only directory refuses; with an empty body of XML.
		{"POST", "/user/mail/password?username=ana", "", 403, "read-only"},
		{"POST", "/user/mail/usernames?email=ana%40example.com", "", 403, "read-only"},
		{"POST", "/user/expire-all-passwords?confirm=true", "", 403, "read-only"},
		{"POST", "/group/user/direct?groupname=Jira+Users", xmlHead + `<user name="bob"/>`, 403, "read-only"},
		// Sessions.
		{"DELETE", "/session?username=ana", "", 204, ""},
		{"GET", "/config/cookie", "", 200, "<name>crowd.token_key</name>"},
	} {
		got := s.AskAsAtlassian(c.method, c.path, c.body, "application/xml")
		if got.Status != c.status || !strings.Contains(got.Body, c.want) || got.Header.Get("X-Embedded-Crowd-Version") == "" {
			t.Errorf("%s %s answered %d %s, want %d %s", c.method, c.path, got.Status, got.Body, c.status, c.want)
		}
	}
	// Whether somebody is in a group it asks without an Accept header, and looks at
	// the status alone.
	for path, want := range map[string]int{
		"/group/user/direct?groupname=Jira+Users&username=ana":                               200,
		"/group/user/nested?groupname=jira-administrators&username=bob":                      404,
		"/group/user/direct?groupname=nothing&username=ana":                                  404,
		"/group/user/direct?groupname=Jira+Users&username=nobody":                            404,
		"/group/child-group/direct?groupname=Jira+Users&child-groupname=jira-administrators": 404,
	} {
		if got := s.AskAsAtlassian("GET", path, "", ""); got.Status != want || got.Header.Get("X-Embedded-Crowd-Version") == "" {
			t.Errorf("%s answered %d %s, want %d", path, got.Status, got.Body, want)
		}
	}
	seen, err := s.Store.CrowdActivity(context.Background(), "jira")
	s.Must(err)
	if seen.TestedAt.IsZero() || seen.FullEndedAt.IsZero() || seen.IncrementalAt.IsZero() {
		t.Errorf("of this was seen: %+v", seen)
	}
	for _, r := range seen.Recent {
		if r.Kind == model.CrowdChange && r.Status != 403 {
			t.Errorf("a change that is not refused: %+v", r)
		}
	}
}
