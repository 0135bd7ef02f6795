package provision_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
)

const awsGroup = "64d84438-b0c1-708c-f431-91ece2abb39a"

func TestMatches(t *testing.T) {
	t.Parallel()
	person := model.Person{
		Email: "ana@Example.com", AWSGroups: []string{awsGroup, "example.com//S-1-5-21-1"},
		Attributes: map[string][]string{"department": {"Sales", "Operations"}, "empty": {""}, "list": {"a,b"}, "city": {"Zürich"}},
	}
	attribute := func(name, value string) model.Rule {
		return model.Rule{Kind: model.RuleAttribute, Attribute: name, Value: value}
	}
	for _, tc := range []struct {
		name string
		rule model.Rule
		want bool
	}{
		{"always", model.Rule{Kind: model.RuleAlways}, true},
		{"no kind", model.Rule{}, false},
		{"unknown kind", model.Rule{Kind: "sometimes"}, false},
		{"domain", model.Rule{Kind: model.RuleEmailDomain, Value: "example.com"}, true},
		{"domain in capitals, with at sign", model.Rule{Kind: model.RuleEmailDomain, Value: "@EXAMPLE.com"}, true},
		{"subdomain", model.Rule{Kind: model.RuleEmailDomain, Value: "sub.example.com"}, false},
		{"end of a domain", model.Rule{Kind: model.RuleEmailDomain, Value: "ample.com"}, false},
		{"no domain", model.Rule{Kind: model.RuleEmailDomain}, false},
		{"second value", attribute("department", "Operations"), true},
		{"the same characters, encoded otherwise", attribute("city", "Zu\u0308rich"), true},
		{"other case of the value", attribute("department", "operations"), false},
		{"other case of the name", attribute("Department", "Operations"), false},
		{"blank at the end", attribute("department", "Operations "), false},
		{"start of the value", attribute("department", "Oper"), false},
		{"commas do not separate", attribute("list", "a"), false},
		{"attribute not sent", attribute("team", ""), false},
		{"empty value sent", attribute("empty", ""), true},
		{"no attribute name", attribute("", ""), false},
		{"AWS group", model.Rule{Kind: model.RuleAWSGroup, Value: awsGroup}, true},
		{"AWS group from Active Directory", model.Rule{Kind: model.RuleAWSGroup, Value: "example.com//S-1-5-21-1"}, true},
		{"AWS group in capitals", model.Rule{Kind: model.RuleAWSGroup, Value: strings.ToUpper(awsGroup)}, false},
		{"no AWS group", model.Rule{Kind: model.RuleAWSGroup}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := provision.Matches(tc.rule, person); got != tc.want {
				t.Errorf("Matches = %v", got)
			}
		})
	}
}

// A condition that is not complete holds for nobody, whatever is sent.
func TestIncompleteConditionsNeverHold(t *testing.T) {
	t.Parallel()
	empty := model.Person{AWSGroups: []string{""}, Attributes: map[string][]string{"": {"", "Sales"}}}
	for _, r := range []model.Rule{
		{Kind: model.RuleEmailDomain}, {Kind: model.RuleEmailDomain, Value: "@"}, {Kind: model.RuleAWSGroup},
		{Kind: model.RuleAttribute}, {Kind: model.RuleAttribute, Value: "Sales"}, {Kind: "sometimes"}, {},
	} {
		if provision.Matches(r, empty) {
			t.Errorf("%+v holds", r)
		}
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	got := provision.Grants([]model.Rule{
		{Name: "staff", Kind: model.RuleEmailDomain, Value: "example.com", Groups: []string{"users", "wiki"}},
		{Name: "everyone", Kind: model.RuleAlways, Groups: []string{"users"}},
		{Name: "nobody", Kind: model.RuleAWSGroup, Value: awsGroup, Groups: []string{"admins"}},
	}, ana())
	want := []model.GroupGrant{{Group: "users", Origin: "everyone, staff"}, {Group: "wiki", Origin: "staff"}}
	if !slices.Equal(got, want) {
		t.Errorf("Grants = %+v, want %+v", got, want)
	}
	// Two spellings are one group.
	got = provision.Grants([]model.Rule{
		{Name: "one", Kind: model.RuleAlways, Groups: []string{"Users"}},
		{Name: "two", Kind: model.RuleAlways, Groups: []string{"users"}},
	}, ana())
	if want := []model.GroupGrant{{Group: "Users", Origin: "one, two"}}; !slices.Equal(got, want) {
		t.Errorf("Grants = %+v, want %+v", got, want)
	}
	if got := provision.Grants(nil, ana()); len(got) != 0 {
		t.Errorf("Grants without rules = %+v", got)
	}
}

// member is a membership of ana.
func member(group string, source model.MembershipSource, ref, origin string) model.Membership {
	return model.Membership{UserID: "u-ana", Group: group, Source: source, Ref: ref, Origin: origin}
}

// groupCase is a login of ana, who is known, under the rules below; change may
// set others.
type groupCase struct {
	change  func(*provision.Input)
	add     []model.GroupGrant
	remove  []string
	changes []string
	whys    map[string]string // by group: part of the reason
}

func everyone() model.Rule {
	return model.Rule{Name: "everyone", Connection: "aws", Kind: model.RuleAlways, Groups: []string{"users"}}
}

func staff() model.Rule {
	return model.Rule{Name: "staff", Connection: "aws", Kind: model.RuleEmailDomain, Value: "example.com", Groups: []string{"users", "wiki"}}
}

// awsAdmins has a name that holds the separator of origins.
func awsAdmins() model.Rule {
	return model.Rule{Name: "aws, admins", Connection: "aws", Kind: model.RuleAWSGroup, Value: awsGroup, Groups: []string{"admins", "wiki"}}
}

func foreign() model.Rule {
	return model.Rule{Name: "foreign", Connection: "other", Kind: model.RuleAlways, Groups: []string{"foreign"}}
}

func adminsByHand() model.Membership {
	return member("admins", model.MemberManual, "", "boss@example.com")
}

// sent says that AWS sent the person's groups.
func sent(in *provision.Input, ids ...string) {
	in.Person.AWSGroupsSent, in.Person.AWSGroups = true, ids
}

func (tc groupCase) check(t *testing.T) {
	t.Helper()
	d := provision.Decide(setup(func(in *provision.Input) {
		known(in)
		in.Known.Rules = []model.Rule{everyone(), staff(), awsAdmins(), foreign()}
		tc.change(in)
	}))
	if d.Refusal != nil {
		t.Fatalf("refused: %+v", d.Refusal)
	}
	if !slices.Equal(d.AddGroups, tc.add) {
		t.Errorf("add = %+v, want %+v", d.AddGroups, tc.add)
	}
	if !slices.Equal(d.RemoveGroups, tc.remove) {
		t.Errorf("remove = %v, want %v", d.RemoveGroups, tc.remove)
	}
	checkChanges(t, d.Changes, tc.changes, "")
	for _, c := range d.Changes {
		if !strings.Contains(c.Why, tc.whys[c.Name]) {
			t.Errorf("%s %s %q, want it to contain %q", c.What, c.Name, c.Why, tc.whys[c.Name])
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]groupCase{
		"first login": {
			change:  func(in *provision.Input) { sent(in) },
			add:     []model.GroupGrant{{Group: "users", Origin: "everyone, staff"}, {Group: "wiki", Origin: "staff"}},
			changes: []string{"group_added users", "group_added wiki"},
			whys: map[string]string{"users": "because rule “everyone” applies to everybody, and rule “staff” matches the email domain example.com",
				"wiki": "because rule “staff” matches the email domain example.com"},
		},
		"nothing new": {
			change: func(in *provision.Input) {
				in.Known.Memberships = []model.Membership{member("users", model.MemberRule, "aws", "everyone, staff"), member("wiki", model.MemberRule, "aws", "staff")}
			},
			changes: []string{"group_kept users", "group_kept wiki"},
		},
		"another rule gives the same group": {
			change: func(in *provision.Input) {
				in.Known.Memberships = []model.Membership{member("users", model.MemberRule, "aws", "old"), member("wiki", model.MemberRule, "aws", "staff")}
			},
			add:     []model.GroupGrant{{Group: "users", Origin: "everyone, staff"}},
			changes: []string{"group_kept users", "group_kept wiki"},
		},
		"other sources stay": {
			change: func(in *provision.Input) {
				in.Known.Rules = nil
				in.Known.Memberships = []model.Membership{
					adminsByHand(), member("ldap", model.MemberSource, "", "ou=people"), member("aws", model.MemberSource, "", "sync"),
					member("foreign", model.MemberRule, "other", "foreign")}
			},
		},
		"other sources that name the connection stay": {
			change: func(in *provision.Input) {
				in.Known.Rules = nil
				in.Known.Memberships = []model.Membership{member("synced", model.MemberSource, "aws", "sync"), member("ldap", model.MemberSource, "aws", "ou=people")}
			},
		},
		"another spelling is the same group": {
			change: func(in *provision.Input) {
				r := everyone()
				r.Groups = []string{"Users"}
				in.Known.Rules = []model.Rule{r}
				in.Known.Memberships = []model.Membership{member("USERS", model.MemberRule, "aws", "everyone")}
			},
			changes: []string{"group_kept Users"},
			whys:    map[string]string{"Users": "rule “everyone” applies to everybody"},
		},
		"two spellings in two rules": {
			change: func(in *provision.Input) {
				more := everyone()
				more.Name, more.Groups = "more", []string{"Users"}
				in.Known.Rules = []model.Rule{everyone(), more}
			},
			add:     []model.GroupGrant{{Group: "users", Origin: "everyone, more"}},
			changes: []string{"group_added users"},
			whys:    map[string]string{"users": "rule “everyone” applies to everybody, and rule “more” applies to everybody"},
		},
		"manual: the stored email counts": {
			change: func(in *provision.Input) {
				byHand(in)
				in.Known.ByIdentity.Email = "ana@example.net"
				in.Known.Rules = []model.Rule{staff()}
				in.Known.Memberships = []model.Membership{member("wiki", model.MemberRule, "aws", "staff")}
			},
			remove:  []string{"wiki"},
			changes: []string{"group_removed wiki"},
		},
		"jit: the new email counts": {
			change: func(in *provision.Input) {
				in.Known.ByIdentity.Email = "ana@example.net"
				in.Known.Rules = []model.Rule{{Name: "staff", Connection: "aws", Kind: model.RuleEmailDomain, Value: "example.com", Groups: []string{"wiki"}}}
			},
			add:     []model.GroupGrant{{Group: "wiki", Origin: "staff"}},
			changes: []string{"updated email", "group_added wiki"},
		},
		"jit without updates: the stored email counts": {
			change: func(in *provision.Input) {
				in.Config.JIT.Update = false
				in.Known.ByIdentity.Email = "ana@example.net"
				in.Known.Rules = []model.Rule{staff()}
			},
		},
		"a rule by attribute": {
			change: func(in *provision.Input) {
				in.Person.Attributes = map[string][]string{"department": {"Operations"}}
				in.Known.Rules = []model.Rule{{Name: "ops", Connection: "aws", Kind: model.RuleAttribute, Attribute: "department", Value: "Operations",
					Groups: []string{"ops"}}}
			},
			add:     []model.GroupGrant{{Group: "ops", Origin: "ops"}},
			changes: []string{"group_added ops"},
			whys:    map[string]string{"ops": "because rule “ops” matches the value “Operations” of the attribute department"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.check(t)
		})
	}
}

func TestGroupsByAWSGroup(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]groupCase{
		"AWS group sent": {
			change:  func(in *provision.Input) { in.Known.Rules = []model.Rule{awsAdmins()}; sent(in, awsGroup) },
			add:     []model.GroupGrant{{Group: "admins", Origin: "aws, admins"}, {Group: "wiki", Origin: "aws, admins"}},
			changes: []string{"group_added admins", "group_added wiki"},
			whys:    map[string]string{"admins": "matches the AWS group " + awsGroup},
		},
		"AWS says: no groups": {
			change: func(in *provision.Input) {
				in.Known.Rules = []model.Rule{awsAdmins()}
				sent(in)
				in.Known.Memberships = []model.Membership{member("admins", model.MemberRule, "aws", "aws, admins"), adminsByHand()}
			},
			remove:  []string{"admins"},
			changes: []string{"group_removed admins"},
			whys:    map[string]string{"admins": "the person stays in the group by hand"},
		},
		"AWS says nothing about groups": {
			change: func(in *provision.Input) {
				in.Known.Memberships = []model.Membership{
					member("admins", model.MemberRule, "aws", "aws, admins"), member("users", model.MemberRule, "aws", "everyone, staff"),
					member("wiki", model.MemberRule, "aws", "aws, admins, staff")}
			},
			changes: []string{"group_kept admins", "group_kept users", "group_kept wiki"},
			whys:    map[string]string{"admins": "gave it at an earlier login and AWS did not send the person's groups this time"},
		},
		"AWS says nothing about groups, the rule is gone": {
			change: func(in *provision.Input) {
				in.Known.Rules = []model.Rule{everyone()}
				in.Known.Memberships = []model.Membership{member("admins", model.MemberRule, "aws", "aws, admins")}
			},
			add:     []model.GroupGrant{{Group: "users", Origin: "everyone"}},
			remove:  []string{"admins"},
			changes: []string{"group_added users", "group_removed admins"},
			whys:    map[string]string{"admins": "no rule of this connection gives it any more"},
		},
		"AWS says nothing about groups, a rule with a longer name gave it": {
			change: func(in *provision.Input) {
				in.Known.Rules = []model.Rule{awsAdmins()}
				in.Known.Memberships = []model.Membership{member("admins", model.MemberRule, "aws", "old aws, admins of wiki")}
			},
			remove:  []string{"admins"},
			changes: []string{"group_removed admins"},
		},
		"AWS says nothing about groups, another kind of rule gave it": {
			change: func(in *provision.Input) {
				in.Known.Rules = []model.Rule{awsAdmins()}
				in.Known.Memberships = []model.Membership{member("wiki", model.MemberRule, "aws", "staff")}
			},
			remove:  []string{"wiki"},
			changes: []string{"group_removed wiki"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.check(t)
		})
	}
}

// Somebody who is yet to be created has no membership that could go.
func TestNewUserLosesNothing(t *testing.T) {
	t.Parallel()
	d := provision.Decide(setup(func(in *provision.Input) {
		in.Known.Memberships = []model.Membership{{Group: "admins", Source: model.MemberRule, Ref: "aws"}}
	}))
	if d.Action != model.UserCreated || len(d.RemoveGroups) > 0 {
		t.Errorf("decision = %+v", d)
	}
}

func TestHandMadeMembershipSurvivesManyLogins(t *testing.T) {
	t.Parallel()
	byHand := member("admins", model.MemberManual, "", "boss@example.com")
	have := []model.Membership{byHand}
	for i := range 100 {
		in := setup(known)
		in.Known.Memberships = have
		if i%2 == 0 { // the rule comes and goes
			in.Known.Rules = []model.Rule{{Name: "r", Connection: "aws", Kind: model.RuleAlways, Groups: []string{"admins"}}}
		}
		d := provision.Decide(in)
		have = apply(have, d)
		if !slices.Contains(have, byHand) {
			t.Fatalf("login %d took what was given by hand: %+v", i+1, d)
		}
		if got := len(have); got != 2-i%2 {
			t.Fatalf("login %d leaves %d memberships: %+v", i+1, got, have)
		}
	}
}

// apply carries a decision out as the store does: only rows of this
// connection's rules are touched.
func apply(have []model.Membership, d model.Decision) []model.Membership {
	have = slices.DeleteFunc(slices.Clone(have), func(m model.Membership) bool {
		return m.Source == model.MemberRule && m.Ref == "aws" && slices.Contains(d.RemoveGroups, m.Group)
	})
	for _, g := range d.AddGroups {
		have = append(have, member(g.Group, model.MemberRule, "aws", g.Origin))
	}
	return have
}

// The memberships of somebody else are no matter of this login, and the reason of
// a removal names no group's other sources where there are none.
func TestGroupsAreOfThePerson(t *testing.T) {
	t.Parallel()
	mine, theirs := member("old", model.MemberRule, "aws", "old"), member("theirs", model.MemberRule, "aws", "old")
	theirs.UserID = "u-bob"
	d := provision.Decide(setup(func(in *provision.Input) {
		known(in)
		in.Known.Memberships = []model.Membership{theirs, mine}
	}))
	if !slices.Equal(d.RemoveGroups, []string{"old"}) {
		t.Errorf("removes %v", d.RemoveGroups)
	}
	if why := d.Changes[0].Why; why != "because no rule of this connection gives it any more" {
		t.Errorf("%q", why)
	}
	theirs.UserID = ""
	d = provision.Decide(setup(func(in *provision.Input) { in.Known.Memberships = []model.Membership{theirs} }))
	if d.Action != model.UserCreated || len(d.RemoveGroups) > 0 {
		t.Errorf("a new user: %+v", d)
	}
}

// Each kind of condition can hold, and says so in words of its own.
func TestEveryKindOfConditionCanHold(t *testing.T) {
	t.Parallel()
	person := model.Person{Email: "ana@example.com", AWSGroups: []string{"x"}, Attributes: map[string][]string{"x": {"x"}}}
	said := map[string]bool{}
	for _, kind := range model.RuleKinds() {
		holds := false
		for _, value := range []string{"", "x", "example.com"} {
			r := model.Rule{Name: "r", Kind: kind, Attribute: "x", Value: value, Groups: []string{"g"}}
			holds = holds || provision.Matches(r, person)
			said[provision.Condition(r)] = true
		}
		if !holds {
			t.Errorf("a rule with the condition %s matches nobody", kind)
		}
	}
	if said[provision.Condition(model.Rule{Kind: "unknown"})] {
		t.Error("a condition has no words of its own")
	}
}
