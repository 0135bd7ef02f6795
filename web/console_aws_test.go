package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
)

// newAWSAdminSite is a site where user0 has signed in through AWS and may use the
// console as admin.
func newAWSAdminSite(t *testing.T) (*appSite, model.User) {
	t.Helper()
	s := newAppSite(t, storetest.OpenPool(t)) // what came first matters, and one transaction has one time
	s.follow(t, "/saml/aws/login", "user0")
	s.chooseConsoleGroup("jira-users")
	u := s.user("user0")
	if err := s.store.AddMember(t.Context(), storetest.Actor, "jira-users", u.Username); err != nil {
		t.Fatal(err)
	}
	return s, u
}

// chooseConsoleGroup lets members of a group use the console as admins.
func (s *testSite) chooseConsoleGroup(name string) {
	s.t.Helper()
	group, err := s.store.Group(s.t.Context(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	err = s.store.SaveSettings(s.t.Context(), storetest.Actor, func(set *store.Settings) error {
		set.ConsoleGroupID, set.ConsoleGroup, set.ConsoleRole = group.ID, group.Name, model.RoleAdmin
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// The console ends with what AWS vouches for: the connection, the link between
// the user and AWS, and the session of the user.
func TestRow19ConsoleThroughAWSEndsWithAWS(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *appSite, u model.User) (back func() error, err error){
		"suspended": func(s *appSite, _ model.User) (func() error, error) {
			return func() error { return s.store.SetStatus(t.Context(), storetest.Actor, "aws", model.StatusLive) },
				s.store.SetStatus(t.Context(), storetest.Actor, "aws", model.StatusSuspended)
		},
		"unlinked": func(s *appSite, u model.User) (func() error, error) {
			all, err := s.store.Identities(t.Context(), u.ID)
			if err != nil {
				return nil, err
			}
			return nil, s.store.UnlinkIdentity(t.Context(), storetest.Actor, all[0].ID)
		},
		"deactivated and activated": func(s *appSite, u model.User) (func() error, error) {
			for _, active := range []bool{false, true} {
				_, err := s.store.UpdateUser(t.Context(), storetest.Actor, u.Username, func(u *model.User) error { u.Active = active; return nil })
				if err != nil {
					return nil, err
				}
			}
			return nil, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, u := newAWSAdminSite(t)
			s.follow(t, paths.SignInAWS, "").want(t, http.StatusOK)
			s.get(paths.Users).want(t, http.StatusOK)
			back, err := end(s, u)
			if err != nil {
				t.Fatal(err)
			}
			s.get(paths.Users).want(t, http.StatusSeeOther)
			if res := s.post("/connections/aws/resume", nil); !strings.HasPrefix(res.header.Get("Location"), paths.SignIn) {
				t.Errorf("to bring the connection back was answered %d to %q", res.status, res.header.Get("Location"))
			}
			if me := s.get("/me"); !strings.Contains(me.text(), "You are not signed in") {
				t.Error("the person's own session goes on")
			}
			if back == nil {
				return
			}
			if err := back(); err != nil {
				t.Fatal(err)
			}
			s.get(paths.Users).want(t, http.StatusOK)
		})
	}
}

// Neither a rule, nor being taken for somebody who was in the group before they
// ever came, makes an administrator; nor does another administrator.
func TestRow19OnlyOwnersLetPeopleIntoTheConsole(t *testing.T) {
	t.Parallel()
	s, _ := newAWSAdminSite(t)
	ctx := t.Context()
	admin := s.client
	s.follow(t, paths.SignInAWS, "").want(t, http.StatusOK)

	s.addUser("accomplice")
	for path, form := range map[string]url.Values{
		"/groups/jira-users/members":        {"username": {"accomplice"}},
		"/groups/jira-users/members/remove": {"username": {"user0"}},
		"/users/accomplice/groups":          {"group": {"jira-users"}},
		"/groups/jira-users/bulk/confirm":   {"do": {"add"}, "people": {"accomplice"}},
		"/bulk/confirm":                     {"do": {"add"}, "group": {"jira-users"}, "people": {"accomplice"}},
		"/users/import/confirm":             {"csv": {"username,groups\naccomplice,jira-users\n"}},
		"/users":                            {"username": {"another"}, "groups": {"jira-users"}},
		"/groups/jira-users/delete":         {"confirm": {"jira-users"}},
	} {
		if res := s.post(path, form); res.status != http.StatusForbidden || !strings.Contains(res.text(), "Only an owner") {
			t.Errorf("%s answered %d: %s", path, res.status, res.text())
		}
	}

	// In the group before they came: by a rule, or by hand.
	rule := model.Rule{Name: "everybody", Connection: "aws", Kind: model.RuleAlways, Groups: []string{"jira-users"}}
	if _, err := s.store.CreateRule(ctx, storetest.Actor, rule); err != nil {
		t.Fatal(err)
	}
	s.client = s.browser()
	s.follow(t, "/saml/aws/login", "user1")
	s.get(paths.SignInAWS).want(t, http.StatusForbidden)
	second := s.client
	if err := s.store.DeleteRule(ctx, storetest.Actor, "everybody"); err != nil {
		t.Fatal(err)
	}
	s.goLiveWith("aws", func(c *model.Config) { c.JIT.ExistingUsername = model.ExistingLink })
	s.addUser("user2")
	if err := s.store.AddMember(ctx, storetest.Actor, "jira-users", "user2"); err != nil {
		t.Fatal(err)
	}
	s.client = s.browser()
	s.follow(t, "/saml/aws/login", "user2").has(t, "main", "user2")
	s.get(paths.SignInAWS).want(t, http.StatusForbidden)

	// An owner may, who has proved a short while ago who they are.
	s.client = s.browser()
	s.signInAs(model.RoleOwner)
	add := url.Values{"username": {s.user("user1").Username}}
	now := s.now
	s.now = now.Add(stepUpFor)
	s.post("/groups/jira-users/members", add).want(t, http.StatusUnauthorized).has(t, "main", "Confirm that it is you")
	s.now = now
	s.post("/groups/jira-users/members", add).want(t, http.StatusSeeOther)
	s.get("/groups/jira-users").has(t, ".alert-info", "may use this console as admin")
	s.client = second
	s.follow(t, paths.SignInAWS, "").want(t, http.StatusOK)
	s.get(paths.Users).want(t, http.StatusOK)
	s.client = admin
	s.get(paths.Users).want(t, http.StatusOK)
}

// A member whom an owner has deactivated stays out until an owner activates them,
// in whichever way an admin tries; everybody else they may activate.
func TestRow19OnlyOwnersLetDeactivatedMembersBack(t *testing.T) {
	t.Parallel()
	s, u := newAWSAdminSite(t)
	s.addUser("bystander")
	s.signInAs(model.RoleAdmin)
	s.post("/bulk/confirm", url.Values{"do": {"deactivate"}, "people": {u.Username}}).want(t, http.StatusSeeOther)
	undo := s.get("/audit").doc.Find("tbody form").AttrOr("action", "")
	for path, form := range map[string]url.Values{
		"/users/" + u.Username + "/activate": nil,
		"/users/import/confirm":              {"csv": {"username,active\nbystander,yes\n" + u.Username + ",yes\n"}},
		"/bulk/confirm":                      {"do": {"activate"}, "people": {"bystander\n" + u.Username}},
		undo:                                 nil,
	} {
		if res := s.post(path, form); res.status != http.StatusForbidden || !strings.Contains(res.text(), "Only an owner") {
			t.Errorf("%s answered %d: %s", path, res.status, res.text())
		}
	}
	if s.user("user0").Active {
		t.Fatal("they are active again")
	}
	s.post("/users/bystander/deactivate", nil).want(t, http.StatusSeeOther)
	s.post("/users/bystander/activate", nil).want(t, http.StatusSeeOther)

	s.client = s.browser()
	s.signInAs(model.RoleOwner)
	now := s.now
	s.now = now.Add(stepUpFor)
	s.post("/users/"+u.Username+"/activate", nil).want(t, http.StatusUnauthorized).has(t, "main", "Confirm that it is you")
	s.now = now
	s.post("/users/"+u.Username+"/activate", nil).want(t, http.StatusSeeOther)
	if !s.user("user0").Active {
		t.Error("an owner could not bring them back")
	}
}

// The first passkey may be registered for ten minutes after AWS has sent somebody,
// however often they come into the console meanwhile. Owners can take it away.
func TestRow19FirstPasskeySoonAfterAWS(t *testing.T) {
	t.Parallel()
	s, u := newAWSAdminSite(t)
	s.follow(t, paths.SignInAWS, "").want(t, http.StatusOK)
	s.get(paths.AccountPasskeyNew).want(t, http.StatusOK)
	s.now = s.now.Add(stepUpFor + time.Minute)
	s.post(paths.SignOut, nil)
	s.follow(t, paths.SignInAWS, "").want(t, http.StatusOK)
	s.get(paths.AccountPasskeyNew).want(t, http.StatusUnauthorized)
	s.post("/account/passkeys/options", nil).want(t, http.StatusUnauthorized)

	a, err := s.store.AdministratorOfUser(t.Context(), storetest.Actor, u)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.AddPasskey(t.Context(), storetest.Actor, a, model.Passkey{ID: []byte("k"), Name: "k", Credential: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	person := s.client
	s.client = s.browser()
	s.signInAs(model.RoleOwner)
	s.get(paths.Administrators).has(t, "table", "Remove the passkeys")
	s.post(paths.AdministratorAction(a.ID, "passkeys", "remove"), nil).want(t, http.StatusSeeOther)
	if has, err := s.store.HasPasskey(t.Context(), a.ID); err != nil || has || s.audited("administrator.passkeys_removed") != 1 {
		t.Errorf("the passkey is there: %v, %v", has, err)
	}
	s.client = person
	s.get(paths.Users).want(t, http.StatusSeeOther)
}

// Whatever their username is, the audit does not take them for somebody else.
func TestWhoComesThroughAWSIsNamedSo(t *testing.T) {
	t.Parallel()
	s, u := newAWSAdminSite(t)
	_, err := s.store.UpdateUser(t.Context(), storetest.Actor, u.Username, func(u *model.User) error { u.Username = "owner@example.com"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	s.follow(t, paths.SignInAWS, "").want(t, http.StatusOK)
	s.post("/users", url.Values{"username": {"mallory"}}).want(t, http.StatusSeeOther)
	entries, _, err := s.store.Audit(t.Context(), store.AuditQuery{Object: "mallory"})
	if err != nil || len(entries) != 1 || entries[0].Actor != "owner@example.com (through AWS)" {
		t.Errorf("%+v, %v", entries, err)
	}
}

// A form whose session had ended is not lost to somebody who comes through AWS.
func TestAFormWaitsForTheSignInThroughAWS(t *testing.T) {
	t.Parallel()
	s, _ := newAWSAdminSite(t)
	kept := s.post(paths.Users, url.Values{"username": {"new.one"}}).want(t, http.StatusUnauthorized)
	form := kept.hidden(`form[action="` + paths.SignInGoOn + `"]`)
	s.post(paths.SignInGoOn, form).want(t, http.StatusUnprocessableEntity)
	s.follow(t, paths.SignInAWS, "")
	s.post(paths.SignInGoOn, form).want(t, http.StatusOK).has(t, "main", "new.one")
}
