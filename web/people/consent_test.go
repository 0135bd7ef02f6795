package people_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// comes has somebody sign in through the simulated AWS. It returns the trace.
func comes(t *testing.T, s *webtest.SamlSite, username string) model.Login {
	t.Helper()
	return s.Trace(s.Send(s.AnswerFromAWS(t, s.Sim, s.App, username)))
}

// madeAnew gives people in AWS new ids.
func madeAnew(t *testing.T, s *webtest.SamlSite, ids map[string]string) {
	t.Helper()
	err := s.Sim.UpdateSettings(func(set *awssim.Settings) {
		for i := range set.People {
			if id, ok := ids[set.People[i].Username]; ok {
				set.People[i].ID = id
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// anotherID is an id as AWS makes them.
func anotherID(n int) string {
	return "94a8d438-30a1-7048-ab10-" + strconv.Itoa(100_000_000_000+n)
}

func samlSite(t *testing.T, change func(*model.Config)) *webtest.SamlSite {
	t.Helper()
	s := webtest.NewSAMLSite(t, storetest.Open(t), change)
	s.SignInAs(model.RoleOwner)
	return s
}

func wantIn(t *testing.T, what string, l model.Login) {
	t.Helper()
	if l.Outcome != model.OutcomeSignedIn {
		t.Errorf("%s: %s, %+v", what, l.Outcome, l.Refusal)
	}
}

func wantTaken(t *testing.T, what string, l model.Login, cause model.Cause) {
	t.Helper()
	if l.Refusal == nil || l.Refusal.Code != model.CodeUsernameTaken || l.Refusal.Cause != cause {
		t.Errorf("%s: %s, %+v; want %s", what, l.Outcome, l.Refusal, cause)
	}
}

func unlinkForm(t *testing.T, s *webtest.SamlSite, username string) url.Values {
	t.Helper()
	all, err := s.Store.Identities(t.Context(), s.User(username).ID)
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	return url.Values{"identity": {strconv.FormatInt(all[0].ID, 10)}}
}

// A user whom an administrator adds is linked by the first person of the name, and
// no other; the pages say so before and after.
func TestAddedUserIsLinkedOnce(t *testing.T) {
	t.Parallel()
	s := samlSite(t, nil)
	s.Get("/users/new").Has(t, "section[aria-labelledby=first-sign-in]", "the first person whom AWS calls by this username becomes this user")
	s.Post(paths.Users, url.Values{"username": {"USER1"}, "email": {"user1@example.com"}}).Want(t, http.StatusSeeOther)
	page := s.Get("/users/USER1").Want(t, http.StatusOK)
	page.Has(t, ".note", "Will be linked at the next sign-in with aws")
	page.Has(t, ".note", "owner@example.com allowed it")
	page.Has(t, ".note", "by adding the user")
	page.Has(t, ".note button", "Take it back")

	wantIn(t, "the first", comes(t, s, "user1"))
	entries, _, err := s.Store.Audit(t.Context(), store.AuditQuery{Action: "identity.link"})
	if err != nil || len(entries) != 1 || !strings.Contains(entries[0].Note, "owner@example.com") {
		t.Errorf("the audit says %+v, %v", entries, err)
	}
	if page := s.Get(paths.User(s.User("user1").Username)); page.Doc.Find(".note").Length() != 0 {
		t.Errorf("after it was used: %s", page.Find(".note"))
	}
	madeAnew(t, s, map[string]string{"user1": anotherID(1)})
	wantTaken(t, "another of the name", comes(t, s, "user1"), model.CauseLinkedElsewhere)
}

// Taken back is taken back, and allowed again is allowed.
func TestConsentIsTakenBackAndGiven(t *testing.T) {
	t.Parallel()
	s := samlSite(t, nil)
	s.AddUser("user1")
	s.Post("/users/user1/take-back-link", url.Values{"connection": {"aws"}}).Want(t, http.StatusSeeOther)
	page := s.Get("/users/user1")
	page.Has(t, ".note", "Refused by aws until you link this user")
	page.Has(t, ".note button", "Link at the next sign-in")
	s.Post("/users/user1/take-back-link", url.Values{"connection": {"aws"}}).Want(t, http.StatusSeeOther)
	s.Get("/users/user1").Has(t, ".alert-info", "There is nothing to take back")
	wantTaken(t, "after it was taken back", comes(t, s, "user1"), model.CauseNotAllowed)
	s.Post("/users/user1/allow-link", url.Values{"connection": {"aws"}}).Want(t, http.StatusSeeOther)
	s.Get("/users/user1").Has(t, ".note", "Will be linked at the next sign-in with aws")
	wantIn(t, "after it was allowed", comes(t, s, "user1"))
}

// Unlinking lets the same person, or another of the name, be linked; the page says
// so before.
func TestUnlinkedUserIsLinkedAgain(t *testing.T) {
	t.Parallel()
	s := samlSite(t, nil)
	wantIn(t, "a new person", comes(t, s, "user1"))
	page := s.Get("/users/user1")
	page.Has(t, "section[aria-labelledby=identities] .confirm", "The first person whom AWS calls user1 becomes this user, once.")
	page.Has(t, "section[aria-labelledby=identities]", "of AWS account")
	form := unlinkForm(t, s, "user1")
	s.Post("/users/user1/unlink", form).Want(t, http.StatusSeeOther)
	s.Get("/users/user1").Has(t, ".note", "by unlinking the user")
	s.Post("/users/user1/unlink", form).Want(t, http.StatusSeeOther)
	s.Get("/users/user1").Has(t, "main", "This AWS identity was already unlinked by")
	wantIn(t, "the same person", comes(t, s, "user1"))

	madeAnew(t, s, map[string]string{"user1": anotherID(1)})
	wantTaken(t, "made anew, not unlinked", comes(t, s, "user1"), model.CauseLinkedElsewhere)
	s.Post("/users/user1/unlink", unlinkForm(t, s, "user1")).Want(t, http.StatusSeeOther)
	wantIn(t, "made anew, unlinked", comes(t, s, "user1"))
}

// What unlinking would do is said as it is where the connection is not live, and
// where nobody of that domain may become a user.
func TestUnlinkSaysWhatIsSo(t *testing.T) {
	t.Parallel()
	s := samlSite(t, nil)
	wantIn(t, "a new person", comes(t, s, "user1"))
	if err := s.Store.SetStatus(t.Context(), webtest.Tester, "aws", model.StatusSuspended); err != nil {
		t.Fatal(err)
	}
	s.Get("/users/user1").Has(t, "section[aria-labelledby=identities] .confirm", "a sign-in with this username is refused until you allow it here")
	s.Post("/users/user1/unlink", unlinkForm(t, s, "user1")).Want(t, http.StatusSeeOther)
	if err := s.Store.SetStatus(t.Context(), webtest.Tester, "aws", model.StatusLive); err != nil {
		t.Fatal(err)
	}
	s.Get("/users/user1").Has(t, ".note", "Refused by aws until you link this user")
	wantTaken(t, "unlinked while suspended", comes(t, s, "user1"), model.CauseNotAllowed)
}

// A user from a file is linked as one who was typed.
func TestImportedUserIsLinkedOnce(t *testing.T) {
	t.Parallel()
	s := samlSite(t, nil)
	s.Upload("/users/import", "username,email\nuser1,user1@example.com\nuser2,\n").Want(t, http.StatusOK).
		Has(t, "section[aria-labelledby=first-sign-in]", "2 users: linked at the first sign-in with aws")
	rows := []store.ImportRow{{User: model.User{Username: "user1", Email: "user1@example.com", Active: true}}}
	if _, err := s.Store.ImportUsers(t.Context(), webtest.Tester, rows); err != nil {
		t.Fatal(err)
	}
	s.Get("/users/user1").Has(t, ".note", "by importing the user")
	wantIn(t, "an imported user", comes(t, s, "user1"))
}

// Users from before there was consent are offered at once, on the page of users.
func TestUsersFromBeforeAreOffered(t *testing.T) {
	t.Parallel()
	s := samlSite(t, nil)
	if err := s.Store.DeleteConnection(t.Context(), webtest.Tester, "aws"); err != nil {
		t.Fatal(err)
	}
	s.AddUser("user0")
	s.AddUser("user1")
	s.AddUser("gone")
	if _, err := s.Store.UpdateUser(t.Context(), webtest.Tester, "gone", func(u *model.User) error { u.Active = false; return nil }); err != nil {
		t.Fatal(err)
	}
	storetest.LiveConnection(t, s.Store, "aws", func(c *model.Config) {
		c.IdPMetadata, c.Attributes = string(s.Sim.Metadata(s.App)), model.WizardAttributes()
	})
	s.Get(paths.Users).Has(t, ".note", "2 users whom administrators made cannot sign in with aws until you allow to link them")
	wantTaken(t, "before", comes(t, s, "user0"), model.CauseNotAllowed)

	form := url.Values{"what": {"allowed"}, "connection": {"aws"}, "who": {"all"}}
	preview := s.Post(paths.Link, form).Want(t, http.StatusOK)
	preview.Has(t, "main", "2 users may be linked at the next sign-in")
	if strings.Contains(preview.Find("table"), "gone") {
		t.Error("a deactivated user is among them")
	}
	s.Post(paths.Link+"/confirm", form).Want(t, http.StatusSeeOther)
	done := s.Get(paths.Users)
	done.Has(t, ".alert-success", "Allowed for 2 users.")
	if done.Doc.Find(".note").Length() != 0 {
		t.Errorf("still offered: %s", done.Find(".note"))
	}
	wantIn(t, "after", comes(t, s, "user0"))
	undo, _ := done.Doc.Find(`form[action^="/link/"]`).First().Attr("action")
	s.Post(undo, nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Users).Has(t, ".alert-success", "Taken back for 1 user.")
	wantTaken(t, "taken back", comes(t, s, "user1"), model.CauseNotAllowed)
	if s.Get(paths.Users).Doc.Find(".note").Length() != 0 {
		t.Error("whom it was taken back from is offered again")
	}
	if n := s.Audited("identity.allow_link"); n != 2 {
		t.Errorf("%d lines in the audit, want one for each", n)
	}
}

// The identity source was changed: people are linked anew, until an end.
func TestPeopleMadeAnewAreLinkedAnew(t *testing.T) {
	t.Parallel()
	s := samlSite(t, nil)
	ids := map[string]string{}
	for i := range 3 {
		name := "user" + strconv.Itoa(i)
		wantIn(t, name, comes(t, s, name))
		ids[name] = anotherID(i)
	}
	madeAnew(t, s, ids)
	s.Now = s.Now.Add(time.Minute)
	for name := range ids {
		wantTaken(t, name, comes(t, s, name), model.CauseLinkedElsewhere)
	}
	if events, err := s.Store.MadeAnew(t.Context(), s.Now); err != nil || len(events) != 1 || events[0].Refused != 3 {
		t.Errorf("%+v, %v", events, err)
	}
	form := url.Values{"what": {"link_anew"}, "connection": {"aws"}, "who": {"named"}, "people": {"user0\nuser1@example.com\nnobody"}, "hours": {"24"}}
	preview := s.Post(paths.Link, form).Want(t, http.StatusOK)
	preview.Has(t, "main", "2 users may be linked anew to whom AWS calls by their username, for 24 hours from now")
	preview.Has(t, ".note", "nobody")
	s.Post(paths.Link+"/confirm", form).Want(t, http.StatusSeeOther)
	s.Get("/users/user0").Has(t, ".note", "May be linked anew at the next sign-in with aws")
	wantIn(t, "linked anew", comes(t, s, "user0"))
	wantTaken(t, "a second time", comesAs(t, s, "user0", anotherID(9)), model.CauseLinkedElsewhere)
	wantTaken(t, "who was not named", comes(t, s, "user2"), model.CauseLinkedElsewhere)
	s.Now = s.Now.Add(25 * time.Hour)
	wantTaken(t, "after the end", comes(t, s, "user1"), model.CauseConsentEnded)
	if n := s.Audited("identity.allow_link_anew"); n != 2 {
		t.Errorf("%d lines in the audit, want one for each", n)
	}
}

func comesAs(t *testing.T, s *webtest.SamlSite, username, id string) model.Login {
	t.Helper()
	madeAnew(t, s, map[string]string{username: id})
	return comes(t, s, username)
}

// What is wrong with the form is said, and everything typed stays.
func TestLinkFormIsJudged(t *testing.T) {
	t.Parallel()
	s := samlSite(t, nil)
	for field, form := range map[string]url.Values{
		"hours":      {"what": {"link_anew"}, "connection": {"aws"}, "who": {"all"}, "hours": {"169"}},
		"people":     {"what": {"allowed"}, "connection": {"aws"}, "who": {"named"}},
		"connection": {"what": {"allowed"}, "connection": {"none"}, "who": {"all"}},
	} {
		for _, step := range []string{"", "/confirm"} {
			if page := s.Post(paths.Link+step, form).Want(t, http.StatusUnprocessableEntity); page.Doc.Find("#f-"+field).Length() != 1 || page.Find(".problems") == "" {
				t.Errorf("%s%s: %s", field, step, page.Text())
			}
		}
	}
	s.Post(paths.Link+"/00000000-0000-0000-0000-000000000000/undo", nil).Want(t, http.StatusSeeOther)
	s.Post(paths.Link+"/none/undo", nil).Want(t, http.StatusNotFound)
}
