package access_test

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
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// newAWSAdminSite is a site where user0 has signed in through AWS and may use the
// console as admin.
func newAWSAdminSite(t *testing.T) (*webtest.AppSite, model.User) {
	t.Helper()
	s := webtest.NewAppSite(t, storetest.OpenPool(t)) // what came first matters, and one transaction has one time
	s.Follow(t, "/saml/aws/login", "user0")
	s.ChooseConsoleGroup("jira-users")
	u := s.User("user0")
	if err := s.Store.AddMember(t.Context(), storetest.Actor, "jira-users", u.Username); err != nil {
		t.Fatal(err)
	}
	return s, u
}

// The console ends with what AWS vouches for: the connection, the link between
// the user and AWS, and the session of the user.
func TestRow19ConsoleThroughAWSEndsWithAWS(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *webtest.AppSite, u model.User) (back func() error, err error){
		"suspended": func(s *webtest.AppSite, _ model.User) (func() error, error) {
			return func() error { return s.Store.SetStatus(t.Context(), storetest.Actor, "aws", model.StatusLive) },
				s.Store.SetStatus(t.Context(), storetest.Actor, "aws", model.StatusSuspended)
		},
		"unlinked": func(s *webtest.AppSite, u model.User) (func() error, error) {
			all, err := s.Store.Identities(t.Context(), u.ID)
			if err != nil {
				return nil, err
			}
			return nil, s.Store.UnlinkIdentity(t.Context(), storetest.Actor, all[0].ID)
		},
		"deactivated and activated": func(s *webtest.AppSite, u model.User) (func() error, error) {
			for _, active := range []bool{false, true} {
				_, err := s.Store.UpdateUser(t.Context(), storetest.Actor, u.Username, func(u *model.User) error { u.Active = active; return nil })
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
			s.Follow(t, paths.SignInAWS, "").Want(t, http.StatusOK)
			s.Get(paths.Users).Want(t, http.StatusOK)
			back, err := end(s, u)
			if err != nil {
				t.Fatal(err)
			}
			s.Get(paths.Users).Want(t, http.StatusSeeOther)
			if res := s.Post("/connections/aws/resume", nil); !strings.HasPrefix(res.Header.Get("Location"), paths.SignIn) {
				t.Errorf("to bring the connection back was answered %d to %q", res.Status, res.Header.Get("Location"))
			}
			if me := s.Get("/me"); !strings.Contains(me.Text(), "You are not signed in") {
				t.Error("the person's own session goes on")
			}
			if back == nil {
				return
			}
			if err := back(); err != nil {
				t.Fatal(err)
			}
			s.Get(paths.Users).Want(t, http.StatusOK)
		})
	}
}

// Neither a rule, nor being taken for somebody who was in the group before they
// ever came, makes an administrator; nor does another administrator.
func TestRow19OnlyOwnersLetPeopleIntoTheConsole(t *testing.T) {
	t.Parallel()
	s, _ := newAWSAdminSite(t)
	ctx := t.Context()
	admin := s.Client
	s.Follow(t, paths.SignInAWS, "").Want(t, http.StatusOK)

	s.AddUser("accomplice")
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
		if res := s.Post(path, form); res.Status != http.StatusForbidden || !strings.Contains(res.Text(), "Only an owner") {
			t.Errorf("%s answered %d: %s", path, res.Status, res.Text())
		}
	}

	// In the group before they came: by a rule, or by hand.
	rule := model.Rule{Name: "everybody", Connection: "aws", Kind: model.RuleAlways, Groups: []string{"jira-users"}}
	if _, err := s.Store.CreateRule(ctx, storetest.Actor, rule); err != nil {
		t.Fatal(err)
	}
	s.Client = s.Browser()
	s.Follow(t, "/saml/aws/login", "user1")
	s.Get(paths.SignInAWS).Want(t, http.StatusForbidden)
	second := s.Client
	if err := s.Store.DeleteRule(ctx, storetest.Actor, "everybody"); err != nil {
		t.Fatal(err)
	}
	s.GoLiveWith("aws", func(c *model.Config) { c.JIT.ExistingUsername = model.ExistingLink })
	s.AddUser("user2")
	if err := s.Store.AddMember(ctx, storetest.Actor, "jira-users", "user2"); err != nil {
		t.Fatal(err)
	}
	s.Client = s.Browser()
	s.Follow(t, "/saml/aws/login", "user2").Has(t, "main", "user2")
	s.Get(paths.SignInAWS).Want(t, http.StatusForbidden)

	// An owner may, who has proved a short while ago who they are.
	s.Client = s.Browser()
	s.SignInAs(model.RoleOwner)
	add := url.Values{"username": {s.User("user1").Username}}
	now := s.Now
	s.Now = now.Add(kit.StepUpFor)
	s.Post("/groups/jira-users/members", add).Want(t, http.StatusUnauthorized).Has(t, "main", "Confirm that it is you")
	s.Now = now
	s.Post("/groups/jira-users/members", add).Want(t, http.StatusSeeOther)
	s.Get("/groups/jira-users").Has(t, ".alert-info", "may use this console as admin")
	s.Client = second
	s.Follow(t, paths.SignInAWS, "").Want(t, http.StatusOK)
	s.Get(paths.Users).Want(t, http.StatusOK)
	s.Client = admin
	s.Get(paths.Users).Want(t, http.StatusOK)
}

// A member whom an owner has deactivated stays out until an owner activates them,
// in whichever way an admin tries; everybody else they may activate.
func TestRow19OnlyOwnersLetDeactivatedMembersBack(t *testing.T) {
	t.Parallel()
	s, u := newAWSAdminSite(t)
	s.AddUser("bystander")
	s.SignInAs(model.RoleAdmin)
	s.Post("/bulk/confirm", url.Values{"do": {"deactivate"}, "people": {u.Username}}).Want(t, http.StatusSeeOther)
	undo := s.Get("/audit").Doc.Find("tbody form").AttrOr("action", "")
	for path, form := range map[string]url.Values{
		"/users/" + u.Username + "/activate": nil,
		"/users/import/confirm":              {"csv": {"username,active\nbystander,yes\n" + u.Username + ",yes\n"}},
		"/bulk/confirm":                      {"do": {"activate"}, "people": {"bystander\n" + u.Username}},
		undo:                                 nil,
	} {
		if res := s.Post(path, form); res.Status != http.StatusForbidden || !strings.Contains(res.Text(), "Only an owner") {
			t.Errorf("%s answered %d: %s", path, res.Status, res.Text())
		}
	}
	if s.User("user0").Active {
		t.Fatal("they are active again")
	}
	s.Post("/users/bystander/deactivate", nil).Want(t, http.StatusSeeOther)
	s.Post("/users/bystander/activate", nil).Want(t, http.StatusSeeOther)

	s.Client = s.Browser()
	s.SignInAs(model.RoleOwner)
	now := s.Now
	s.Now = now.Add(kit.StepUpFor)
	s.Post("/users/"+u.Username+"/activate", nil).Want(t, http.StatusUnauthorized).Has(t, "main", "Confirm that it is you")
	s.Now = now
	s.Post("/users/"+u.Username+"/activate", nil).Want(t, http.StatusSeeOther)
	if !s.User("user0").Active {
		t.Error("an owner could not bring them back")
	}
}

// The first passkey may be registered for ten minutes after AWS has sent somebody,
// however often they come into the console meanwhile. Owners can take it away.
func TestRow19FirstPasskeySoonAfterAWS(t *testing.T) {
	t.Parallel()
	s, u := newAWSAdminSite(t)
	s.Follow(t, paths.SignInAWS, "").Want(t, http.StatusOK)
	s.Get(paths.AccountPasskeyNew).Want(t, http.StatusOK)
	s.Now = s.Now.Add(kit.StepUpFor + time.Minute)
	s.Post(paths.SignOut, nil)
	s.Follow(t, paths.SignInAWS, "").Want(t, http.StatusOK)
	s.Get(paths.AccountPasskeyNew).Want(t, http.StatusUnauthorized)
	s.Post("/account/passkeys/options", nil).Want(t, http.StatusUnauthorized)

	a, err := s.Store.AdministratorOfUser(t.Context(), storetest.Actor, u)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.AddPasskey(t.Context(), storetest.Actor, a, model.Passkey{ID: []byte("k"), Name: "k", Credential: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	person := s.Client
	s.Client = s.Browser()
	s.SignInAs(model.RoleOwner)
	s.Get(paths.Administrators).Has(t, "table", "Remove the passkeys")
	s.Post(paths.AdministratorAction(a.ID, "passkeys", "remove"), nil).Want(t, http.StatusSeeOther)
	if has, err := s.Store.HasPasskey(t.Context(), a.ID); err != nil || has || s.Audited("administrator.passkeys_removed") != 1 {
		t.Errorf("the passkey is there: %v, %v", has, err)
	}
	s.Client = person
	s.Get(paths.Users).Want(t, http.StatusSeeOther)
}

// Whatever their username is, the audit does not take them for somebody else.
func TestWhoComesThroughAWSIsNamedSo(t *testing.T) {
	t.Parallel()
	s, u := newAWSAdminSite(t)
	_, err := s.Store.UpdateUser(t.Context(), storetest.Actor, u.Username, func(u *model.User) error { u.Username = "owner@example.com"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	s.Follow(t, paths.SignInAWS, "").Want(t, http.StatusOK)
	s.Post("/users", url.Values{"username": {"mallory"}}).Want(t, http.StatusSeeOther)
	entries, _, err := s.Store.Audit(t.Context(), store.AuditQuery{Object: "mallory"})
	if err != nil || len(entries) != 1 || entries[0].Actor != "owner@example.com (through AWS)" {
		t.Errorf("%+v, %v", entries, err)
	}
}

// A form whose session had ended is not lost to somebody who comes through AWS.
func TestAFormWaitsForTheSignInThroughAWS(t *testing.T) {
	t.Parallel()
	s, _ := newAWSAdminSite(t)
	kept := s.Post(paths.Users, url.Values{"username": {"new.one"}}).Want(t, http.StatusUnauthorized)
	form := kept.Hidden(`form[action="` + paths.SignInGoOn + `"]`)
	s.Post(paths.SignInGoOn, form).Want(t, http.StatusUnprocessableEntity)
	s.Follow(t, paths.SignInAWS, "")
	s.Post(paths.SignInGoOn, form).Want(t, http.StatusOK).Has(t, "main", "new.one")
}
