package sampleapp

import (
	"net/http/httptest"
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
)

func TestUsersAreReadInANarrowWindow(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&directoryServer{answers: map[string]string{
		"user":             `<users><user name="alice.with-a-long-name"><email>alice@a-department-with-a-long-name.example.com</email></user></users>`,
		"group":            `<groups><group name="jira-software-users-of-the-department"/></groups>`,
		"group/membership": `<memberships/>`, "event": `<events newEventToken="1"/>`,
	}})
	t.Cleanup(server.Close)
	app, err := New(Options{Issuer: func() string { return server.URL }})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(app.Handler())
	t.Cleanup(site.Close)
	b := browsertest.Open(t)
	b.Use(browsertest.Phone)
	b.Goto(site.URL)
	b.WaitText("alice.with-a-long-name")
	if over := browsertest.Eval[int](b, `(w => w.scrollWidth - w.clientWidth)(document.querySelector(".wide"))`); over > 0 {
		t.Errorf("the table is %d px wider than its room", over)
	}
	b.Use(browsertest.Mouse)
	b.Look("sample-users")
}
