package provision_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
)

const idp = "https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/QQ"

var now = time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC)

// ana is what AWS says about the person of most tests.
func ana() model.Person {
	return model.Person{
		IdPEntityID: idp, NameID: "ana@example.com", ExternalID: "id-1", Username: "ana", Email: "ana@example.com",
		FirstName: "Ana", LastName: "Example",
	}
}

// anaUser is ana as the database has her; anaIdentity is her link.
func anaUser() *model.User {
	return &model.User{
		ID: "u-ana", Username: "ana", Email: "ana@example.com", FirstName: "Ana", LastName: "Example",
		DisplayName: "Ana Example", Active: true, Source: model.UserJIT,
	}
}

func anaIdentity() *model.Identity {
	return &model.Identity{ID: 7, UserID: "u-ana", Connection: "aws", IdPEntityID: idp, NameID: "ana@example.com", ExternalID: "id-1"}
}

// setup is the input of one case: just-in-time, ana unknown, no rules.
func setup(change func(*provision.Input)) provision.Input {
	cfg := model.DefaultConfig("AWS")
	cfg.Provisioning = model.ProvisioningJIT
	in := provision.Input{Connection: "aws", Config: cfg, Person: ana(), LoginID: "login-1", Now: now}
	if change != nil {
		change(&in)
	}
	return in
}

func known(in *provision.Input) {
	in.Known.Identity, in.Known.ByIdentity, in.Known.ByUsername = anaIdentity(), anaUser(), anaUser()
	in.Known.UsernameIdentity = anaIdentity()
}

func byHand(in *provision.Input) { in.Config.Provisioning = model.ProvisioningManual }

func TestRefusals(t *testing.T) {
	t.Parallel()
	inactive := anaUser()
	inactive.Active = false
	other := &model.Identity{ID: 8, UserID: "u-ana", Connection: "aws", IdPEntityID: idp, NameID: "somebody.else", ExternalID: "id-9"}
	domains := func(in *provision.Input, d ...string) { in.Config.JIT.AllowedEmailDomains = d }
	link := func(in *provision.Input) { in.Config.JIT.ExistingUsername = model.ExistingLink }
	for name, tc := range map[string]struct {
		change func(*provision.Input)
		code   model.Code
		detail string
	}{
		"jit: creation is off": {func(in *provision.Input) { in.Config.JIT.Create = false }, model.CodeUserUnknown, "does not create"},
		"jit: domain not allowed": {func(in *provision.Input) { domains(in, "example.net", "sub.example.com") },
			model.CodeEmailDomainRefused, "these email domains"},
		"jit: no email, domains limited": {func(in *provision.Input) { domains(in, "example.com"); in.Person.Email = "" },
			model.CodeEmailDomainRefused, "sent no email"},
		"jit: an allowed domain without a name": {func(in *provision.Input) { domains(in, "@"); in.Person.Email = "" }, model.CodeEmailDomainRefused, ""},
		"jit: part of a domain":                 {func(in *provision.Input) { domains(in, "ample.com", "com") }, model.CodeEmailDomainRefused, ""},
		"jit: domain is judged before linking": {func(in *provision.Input) {
			domains(in, "example.net")
			link(in)
			in.Known.ByUsername = anaUser()
		}, model.CodeEmailDomainRefused, ""},
		"jit: username invalid": {func(in *provision.Input) { in.Person.Username = "an\u200ba" }, model.CodeUsernameInvalid, "U+200B"},
		"jit: username taken":   {func(in *provision.Input) { in.Known.ByUsername = anaUser() }, model.CodeUsernameTaken, "does not link"},
		"jit: an unset policy refuses": {func(in *provision.Input) {
			in.Config.JIT.ExistingUsername = ""
			in.Known.ByUsername = anaUser()
		}, model.CodeUsernameTaken, ""},
		"jit: link, but linked to another": {func(in *provision.Input) {
			link(in)
			in.Known.ByUsername, in.Known.UsernameIdentity = anaUser(), other
		}, model.CodeUsernameTaken, "already linked"},
		"jit: link, but deactivated": {func(in *provision.Input) { link(in); in.Known.ByUsername = inactive }, model.CodeUserDeactivated, "deactivated"},
		"jit: link never goes by email": {func(in *provision.Input) {
			link(in)
			u := anaUser()
			u.Username = "ana.other"
			in.Known.ByUsername = u
		}, model.CodeUsernameTaken, ""},
		"jit: known, deactivated": {func(in *provision.Input) { known(in); in.Known.ByIdentity = inactive }, model.CodeUserDeactivated, ""},
		"jit: NameID given to somebody else": {func(in *provision.Input) {
			known(in)
			in.Person.ExternalID = "id-2"
			link(in)
		}, model.CodeUsernameTaken, "already linked"},
		"jit: an identity without its user": {func(in *provision.Input) {
			known(in)
			in.Known.ByIdentity = nil
		}, model.CodeUsernameTaken, ""},
		"jit: a user without the identity": {func(in *provision.Input) {
			known(in)
			in.Known.Identity = nil
		}, model.CodeUsernameTaken, ""},
		"jit: an identity of another user": {func(in *provision.Input) {
			known(in)
			in.Known.Identity.UserID = "u-bob"
		}, model.CodeUsernameTaken, ""},
		"manual: unknown":            {byHand, model.CodeUserUnknown, "has added"},
		"manual: known, deactivated": {func(in *provision.Input) { byHand(in); known(in); in.Known.ByIdentity = inactive }, model.CodeUserDeactivated, ""},
		"manual: found, deactivated": {func(in *provision.Input) { byHand(in); in.Known.ByUsername = inactive }, model.CodeUserDeactivated, ""},
		"manual: found, of another": {func(in *provision.Input) {
			byHand(in)
			in.Known.ByUsername, in.Known.UsernameIdentity = anaUser(), other
		}, model.CodeUsernameTaken, "another person"},
		"manual: another NameID, no stable id": {func(in *provision.Input) {
			byHand(in)
			known(in)
			in.Person.ExternalID, in.Person.NameID = "", "other@example.com"
			in.Known.ByUsername, in.Known.UsernameIdentity = nil, nil
		}, model.CodeUserUnknown, ""},
		"manual: the identity of another user": {func(in *provision.Input) {
			byHand(in)
			known(in)
			in.Known.Identity.UserID = "u-bob"
			in.Known.ByUsername, in.Known.UsernameIdentity = nil, nil
		}, model.CodeUserUnknown, ""},
		"manual: an identity of nobody": {func(in *provision.Input) {
			byHand(in)
			known(in)
			in.Known.ByIdentity, in.Known.ByUsername, in.Known.UsernameIdentity = nil, nil, nil
		}, model.CodeUserUnknown, ""},
		"manual: identity of another identity provider": {func(in *provision.Input) {
			byHand(in)
			known(in)
			in.Known.Identity.IdPEntityID = "https://idp.example.net"
			in.Known.ByUsername, in.Known.UsernameIdentity = nil, nil
		}, model.CodeUserUnknown, ""},
		"no model chosen": {func(in *provision.Input) { in.Config.Provisioning = "" }, model.CodeInternal, "how users are made"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := provision.Decide(setup(tc.change))
			if d.Refusal == nil || d.Refusal.Code != tc.code {
				t.Fatalf("refusal = %+v, want %s", d.Refusal, tc.code)
			}
			if !strings.Contains(d.Refusal.Detail, tc.detail) {
				t.Errorf("detail = %q, want it to contain %q", d.Refusal.Detail, tc.detail)
			}
			rest := d
			rest.Refusal = nil
			if !reflect.DeepEqual(rest, model.Decision{}) {
				t.Errorf("a refusal does something else as well: %+v", rest)
			}
		})
	}
}

// userCase is a login that is let in: what changes about the input of setup,
// and what is decided.
type userCase struct {
	change   func(*provision.Input)
	action   model.UserAction
	link     bool
	user     model.User
	changes  []string
	whyParts string // in the reason of the last change
}

func (tc userCase) check(t *testing.T) {
	t.Helper()
	in := setup(tc.change)
	d := provision.Decide(in)
	if d.Refusal != nil {
		t.Fatalf("refused: %+v", d.Refusal)
	}
	if d.Action != tc.action || d.LinkIdentity != tc.link {
		t.Errorf("action = %s, link = %v; want %s, %v", d.Action, d.LinkIdentity, tc.action, tc.link)
	}
	if d.User != tc.user {
		t.Errorf("user = %+v\nwant   %+v", d.User, tc.user)
	}
	checkIdentity(t, in, d)
	checkChanges(t, d.Changes, tc.changes, tc.whyParts)
}

// anaBut is ana's user with a change.
func anaBut(change func(*model.User)) model.User {
	u := anaUser()
	change(u)
	return *u
}

func TestJustInTimeUsers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]userCase{
		"jit: created": {nil, model.UserCreated, true, anaBut(func(u *model.User) {
			u.ID = ""
		}), []string{"created ana"}, "not known"},
		"jit: created within the allowed domains": {func(in *provision.Input) {
			in.Config.JIT.AllowedEmailDomains = []string{"@Example.COM"}
		}, model.UserCreated, true, anaBut(func(u *model.User) {
			u.ID = ""
		}), []string{"created ana"}, ""},
		"jit: known, nothing differs": {known, model.UserKept, false, *anaUser(), nil, ""},
		"jit: known people are not held against the domains": {func(in *provision.Input) {
			known(in)
			in.Config.JIT.AllowedEmailDomains = []string{"example.net"}
		}, model.UserKept, false, *anaUser(), nil, ""},
		"jit: everything differs": {func(in *provision.Input) {
			known(in)
			in.Person.Username, in.Person.Email = "ana.new", "new@example.com"
			in.Person.FirstName, in.Person.LastName = "Anna", "Sample"
			in.Known.ByUsername, in.Known.UsernameIdentity = nil, nil
		}, model.UserUpdated, false, anaBut(func(u *model.User) {
			u.Username, u.Email, u.FirstName, u.LastName, u.DisplayName = "ana.new", "new@example.com", "Anna", "Sample", "Anna Sample"
		}), []string{"updated username: ana → ana.new", "updated email: ana@example.com → new@example.com",
			"updated first name: Ana → Anna", "updated last name: Example → Sample",
			"updated display name: Ana Example → Anna Sample"}, "AWS sent a different display name"},
		"jit: what AWS did not send stays": {func(in *provision.Input) {
			known(in)
			in.Person.Email, in.Person.FirstName, in.Person.LastName = "", "", ""
		}, model.UserKept, false, *anaUser(), nil, ""},
		"jit: without names sent, the display name stays": {func(in *provision.Input) {
			known(in)
			in.Known.ByIdentity.DisplayName = "A. E."
			in.Person.FirstName, in.Person.LastName = "", ""
		}, model.UserKept, false, anaBut(func(u *model.User) {
			u.DisplayName = "A. E."
		}), nil, ""},
		"jit: without a username sent, it stays": {func(in *provision.Input) {
			known(in)
			in.Person.Username = ""
		}, model.UserKept, false, *anaUser(), nil, ""},
		"jit: one name sent keeps the other": {func(in *provision.Input) {
			known(in)
			in.Person.FirstName, in.Person.LastName = "", "Sample"
		}, model.UserUpdated, false, anaBut(func(u *model.User) {
			u.LastName, u.DisplayName = "Sample", "Ana Sample"
		}), []string{"updated last name: Example → Sample", "updated display name: Ana Example → Ana Sample"}, ""},
		"jit: the first name alone differs": {func(in *provision.Input) {
			known(in)
			in.Person.FirstName, in.Person.LastName = "Anna", ""
		}, model.UserUpdated, false, anaBut(func(u *model.User) {
			u.FirstName, u.DisplayName = "Anna", "Anna Example"
		}), []string{"updated first name: Ana → Anna", "updated display name: Ana Example → Anna Example"}, ""},
		"jit: no name sent keeps the display name": {func(in *provision.Input) {
			known(in)
			in.Person.FirstName, in.Person.LastName = "", ""
			in.Known.ByIdentity.DisplayName = "A. E."
		}, model.UserKept, false, anaBut(func(u *model.User) {
			u.DisplayName = "A. E."
		}), nil, ""},
		"jit: updates are off": {func(in *provision.Input) {
			known(in)
			in.Config.JIT.Update = false
			in.Person.Username, in.Person.Email = "ana.new", "new@example.com"
		}, model.UserKept, false, *anaUser(), nil, ""},
		"jit: new username is somebody else's": {func(in *provision.Input) {
			known(in)
			in.Person.Username = "bob"
			in.Known.ByUsername = &model.User{ID: "u-bob", Username: "bob", Active: true}
		}, model.UserKept, false, *anaUser(), []string{"kept username ana: ana → ana"}, "another user has that username"},
		"jit: spelling of the username": {func(in *provision.Input) {
			known(in)
			in.Person.Username = "Ana"
		}, model.UserUpdated, false, anaBut(func(u *model.User) {
			u.Username = "Ana"
		}), []string{"updated username: ana → Ana"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.check(t)
		})
	}
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]userCase{
		"jit: stable id learned": {func(in *provision.Input) {
			known(in)
			in.Known.Identity.ExternalID = ""
		}, model.UserKept, true, *anaUser(), []string{"updated stable id:  → id-1"}, "first time"},
		"jit: NameID changed": {func(in *provision.Input) {
			known(in)
			in.Known.Identity.NameID = "old@example.com"
		}, model.UserKept, true, *anaUser(), []string{"updated NameID: old@example.com → ana@example.com"}, "same stable id"},
		"jit: linked and updated": {func(in *provision.Input) {
			in.Config.JIT.ExistingUsername = model.ExistingLink
			u := anaUser()
			u.Email, u.Source = "", model.UserManual
			in.Known.ByUsername = u
		}, model.UserUpdated, true, anaBut(func(u *model.User) {
			u.Source = model.UserManual
		}), []string{"linked ana:  → ana@example.com", "updated email:  → ana@example.com"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.check(t)
		})
	}
}

func TestManualUsers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]userCase{
		"manual: first match links and changes no field": {func(in *provision.Input) {
			byHand(in)
			u := anaUser()
			u.Email, u.DisplayName = "ana@example.net", "A. E."
			in.Known.ByUsername = u
		}, model.UserKept, true, anaBut(func(u *model.User) {
			u.Email, u.DisplayName = "ana@example.net", "A. E."
		}), []string{"linked ana"}, "username is the same"},
		"manual: known by identity, renamed in AWS": {func(in *provision.Input) {
			byHand(in)
			known(in)
			in.Person.Username, in.Person.Email = "ana.new", "new@example.com"
			in.Known.ByUsername = nil
		}, model.UserKept, false, *anaUser(), nil, ""},
		"manual: domains do not matter": {func(in *provision.Input) {
			byHand(in)
			in.Config.JIT.AllowedEmailDomains = []string{"example.net"}
			in.Known.ByUsername = anaUser()
		}, model.UserKept, true, *anaUser(), []string{"linked ana"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.check(t)
		})
	}
}

// checkIdentity looks at what every accepted login has in common.
func checkIdentity(t *testing.T, in provision.Input, d model.Decision) {
	t.Helper()
	id := d.Identity
	if id.UserID != d.User.ID || id.Connection != "aws" || id.IdPEntityID != idp || id.NameID != in.Person.NameID ||
		id.ExternalID != in.Person.ExternalID || !id.LastLoginAt.Equal(now) {
		t.Errorf("identity = %+v", id)
	}
	if in.Known.Identity != nil && id.ID != in.Known.Identity.ID {
		t.Errorf("identity %d became %d", in.Known.Identity.ID, id.ID)
	}
}

// checkChanges compares changes written as "what name: from → to", or as a
// prefix of that.
func checkChanges(t *testing.T, got []model.Change, want []string, why string) {
	t.Helper()
	var lines []string
	for _, c := range got {
		if !strings.HasPrefix(c.Why, "because ") {
			t.Errorf("change %+v does not say why", c)
		}
		lines = append(lines, string(c.What)+" "+c.Name+": "+c.From+" → "+c.To)
	}
	if !slices.EqualFunc(lines, want, strings.HasPrefix) {
		t.Errorf("changes = %q\nwant      %q", lines, want)
	}
	if why != "" && (len(got) == 0 || !strings.Contains(got[len(got)-1].Why, why)) {
		t.Errorf("reasons = %+v, want the last to contain %q", got, why)
	}
}

func TestUnknownStableIDDoesNotOpenTheAccountOfTheNameID(t *testing.T) {
	t.Parallel()
	d := provision.Decide(setup(func(in *provision.Input) {
		known(in)
		in.Person.ExternalID, in.Person.Username = "id-2", "ana2"
		in.Known.ByUsername, in.Known.UsernameIdentity = nil, nil
		in.Known.Memberships = []model.Membership{{UserID: "u-ana", Group: "g", Source: model.MemberRule, Ref: "aws"}}
	}))
	if d.Refusal != nil || d.Action != model.UserCreated || d.User.ID != "" || d.Identity.ID != 0 || d.Identity.ExternalID != "id-2" {
		t.Errorf("decision = %+v, want a new user", d)
	}
	if len(d.RemoveGroups) > 0 {
		t.Errorf("removes %v, which is another person's", d.RemoveGroups)
	}
}
