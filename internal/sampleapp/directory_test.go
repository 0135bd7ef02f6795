package sampleapp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// directoryServer answers as a directory does, with what a test has put in.
type directoryServer struct {
	asked   []string
	answers map[string]string // by path
}

func (d *directoryServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/crowd/rest/usermanagement/1/")
	if kind := r.URL.Query().Get("entity-type"); kind != "" {
		path = kind
	}
	d.asked = append(d.asked, path)
	if d.answers[path] == "" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "<error><reason>EVENT_TOKEN_EXPIRED</reason></error>")
		return
	}
	_, _ = io.WriteString(w, d.answers[path])
}

func TestCopyFollowsTheDirectory(t *testing.T) {
	t.Parallel()
	d := &directoryServer{answers: map[string]string{
		"user":             `<users><user name="Bob"><active>true</active></user><user name="alice"><email>a@example.com</email><active>true</active></user></users>`,
		"group":            `<groups><group name="staff"/></groups>`,
		"group/membership": `<memberships><membership group="staff"><users><user name="alice"/></users></membership></memberships>`,
		"event":            `<events newEventToken="1"/>`,
		"event/1": `<events newEventToken="2"><groupEvent><operation>CREATED</operation><group name="night-shift"/></groupEvent>
			<userEvent><operation>UPDATED</operation><user name="alice"><active>false</active></user></userEvent>
			<userEvent><operation>DELETED</operation><user name="bob"/></userEvent>
			<userMembershipEvent><operation>CREATED</operation><childUser name="alice"/><parentGroups><group name="night-shift"/></parentGroups></userMembershipEvent>
			<userMembershipEvent><operation>DELETED</operation><childUser name="alice"/><parentGroups><group name="staff"/></parentGroups></userMembershipEvent>
			</events>`,
	}}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	app, err := New(Options{Issuer: func() string { return server.URL }})
	if err != nil {
		t.Fatal(err)
	}
	look := func(asked, users string, news ...string) {
		t.Helper()
		d.asked = nil
		got := app.readDirectory(t.Context())
		if fmt.Sprint(got.Users) != users || !slices.Equal(got.News, news) || strings.Join(d.asked, " ") != asked {
			t.Errorf("asked %q\nusers %v, want %s\nnews %q\n%s", d.asked, got.Users, users, got.News, got.Problem)
		}
	}
	look("user group group/membership event", "[{alice a@example.com true [staff]} {Bob  true []}]")
	told := []string{"alice was removed from staff", "alice was added to night-shift", "bob was deleted", "alice was changed", "The group night-shift is new"}
	look("event/1", "[{alice  false [night-shift]}]", told...)
	look("event/2 user group group/membership event", "[{alice a@example.com true [staff]} {Bob  true []}]",
		append([]string{"Postern asked to read everything again"}, told[:4]...)...)
}

func TestPageShowsFiftyUsersAndTheTotal(t *testing.T) {
	t.Parallel()
	var users strings.Builder
	for i := range 60 {
		fmt.Fprintf(&users, `<user name="user%02d"/>`, i)
	}
	server := httptest.NewServer(&directoryServer{answers: map[string]string{
		"user": "<users>" + users.String() + "</users>", "group": "<groups/>", "group/membership": "<memberships/>", "event": `<events newEventToken="1"/>`,
	}})
	t.Cleanup(server.Close)
	app, err := New(Options{Issuer: func() string { return server.URL }})
	if err != nil {
		t.Fatal(err)
	}
	res := httptest.NewRecorder()
	app.Handler().ServeHTTP(res, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	page := res.Body.String()
	if strings.Count(page, `<tr><td data-head="User">user`) != 50 || !strings.Contains(page, "60 users, 0 groups") ||
		!strings.Contains(page, "the first 50 of 60") {
		t.Errorf("the page:\n%s", page)
	}
}
