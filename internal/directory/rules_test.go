package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
)

// whole is what AWS said of somebody at their last login, all of it.
func whole(department string, groups ...string) provision.Last {
	return provision.Last{Whole: true, Person: model.Person{Attributes: map[string][]string{"department": {department}}, AWSGroups: groups,
		AWSGroupsSent: groups != nil}}
}

func domainRule(name, domain, group string) model.Rule {
	return model.Rule{Name: name, Connection: "aws", Kind: model.RuleEmailDomain, Value: domain, Groups: []string{group}}
}

func attributeRule(name, value, group string) model.Rule {
	return model.Rule{Name: name, Connection: "aws", Kind: model.RuleAttribute, Attribute: "department", Value: value, Groups: []string{group}}
}

func awsRule(name, id, group string) model.Rule {
	return model.Rule{Name: name, Connection: "aws", Kind: model.RuleAWSGroup, Value: id, Groups: []string{group}}
}

// staffed is a world of which a run has made ana and bob, and in which ana signed in.
func staffed(t *testing.T, last provision.Last, rules ...model.Rule) *world {
	t.Helper()
	w := newWorld().person("1", "ana").person("2", "bob").localGroup("staff").localGroup("sales")
	w.run(t)
	w.said["ana"], w.rules = last, rules
	return w
}

func TestARunWorksOutRules(t *testing.T) {
	t.Parallel()
	w := staffed(t, whole("Sales", "g-1"), domainRule("ours", "example.com", "staff"),
		attributeRule("sellers", "Sales", "sales"), awsRule("group", "g-1", "sales"))
	plan := w.run(t)
	expect(t, plan, []string{"by_rule sales +1 -0 group, sellers", "by_rule staff +1 -0 ours"}, nil)
	if why := plan.Changes[1].Why; why != "because rule “ours” matches the email domain example.com" {
		t.Errorf("the reason is %q", why)
	}
	if c := plan.Counts; c.MembershipsAdded != 2 || c.ByRule != 2 {
		t.Errorf("counted %+v", c)
	}
	w.change("1", func(p *model.SourcePerson) { p.Email = "ana@elsewhere.example" })
	plan = w.run(t)
	expect(t, plan, []string{"updated ana", "by_rule staff +0 -1 ours"}, nil)
	if why := plan.Changes[1].Why; why != "because no rule of this connection gives it any more" {
		t.Errorf("the reason is %q", why)
	}
	w.rules = nil
	expect(t, w.run(t), []string{"by_rule sales +0 -1 group, sellers"}, nil)
}

// The email is what the source says: a pin by hand stays, and counts.
func TestRulesLookAtTheEmailThatThePlanLeaves(t *testing.T) {
	t.Parallel()
	w := staffed(t, whole(""), domainRule("new", "elsewhere.example", "staff"))
	ana := w.named("ana")
	ana.Pins = model.Pins{model.PinEmail: {}}
	w.users[ana.ID] = ana
	w.change("1", func(p *model.SourcePerson) { p.Email = "ana@elsewhere.example" })
	expect(t, w.run(t), nil, nil)
	ana = w.named("ana")
	ana.Pins = nil
	w.users[ana.ID] = ana
	expect(t, w.run(t), []string{"updated ana", "by_rule staff +1 -0 new"}, nil)
}

// Whoever cannot sign in, may use the console, has another home, or is missing keeps what
// rules gave, and gets nothing.
func TestWhomRulesLeaveAloneAtRuns(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*world, *directory.User){
		"may use the console": func(_ *world, u *directory.User) { u.Administrator = true },
		"has another home":    func(_ *world, u *directory.User) { u.Home = "other" },
		"is deactivated":      func(_ *world, u *directory.User) { u.Active, u.DeactivatedBy = false, model.DeactivatedByHand },
		"is disabled now":     func(w *world, _ *directory.User) { w.change("1", func(p *model.SourcePerson) { p.Enabled = false }) },
		"is missing":          func(w *world, _ *directory.User) { delete(w.people, "1") },
		"never signed in":     func(w *world, _ *directory.User) { delete(w.said, "ana") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t, whole(""), model.Rule{Name: "all", Connection: "aws", Kind: model.RuleAlways, Groups: []string{"staff"}})
			ana := w.named("ana")
			w.byRule[[2]string{ana.ID, "sales"}] = directory.RuleMembership{User: ana.ID, Connection: "aws", Group: w.local["sales"].ID, Origin: "gone"}
			set(w, &ana)
			w.users[ana.ID] = ana
			for _, change := range told(w.plan(t)) {
				if strings.HasPrefix(change, "by_rule") {
					t.Errorf("the plan has %s", change)
				}
			}
		})
	}
}

// Who comes back gets what rules give in the same run.
func TestRulesCountForWhoComesBack(t *testing.T) {
	t.Parallel()
	w := staffed(t, whole(""), domainRule("ours", "example.com", "staff"))
	w.change("1", func(p *model.SourcePerson) { p.Enabled = false })
	w.run(t)
	w.change("1", func(p *model.SourcePerson) { p.Enabled = true })
	expect(t, w.run(t), []string{"reactivated ana", "by_rule staff +1 -0 ours"}, nil)
}

// What only a login tells is unknown until then: nothing is taken for want of it, also
// where the rule was renamed, and nothing is given.
func TestRulesTakeNothingForWantOfKnowledge(t *testing.T) {
	t.Parallel()
	unsent := whole("Sales")
	for name, last := range map[string]provision.Last{"nothing is known": {}, "it was too much to keep": {Person: unsent.Person},
		"AWS sent no groups": unsent} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := staffed(t, last, attributeRule("renamed", "Sales", "sales"), awsRule("group", "g-1", "staff"), awsRule("more", "g-2", "none"))
			w.localGroup("none")
			ana := w.named("ana")
			for _, group := range []string{"sales", "staff"} {
				w.byRule[[2]string{ana.ID, group}] = directory.RuleMembership{User: ana.ID, Connection: "aws", Group: w.local[group].ID, Origin: "before"}
			}
			expect(t, w.run(t), nil, nil)
		})
	}
}

func TestRulesPutNobodyIntoGroupsByHandOnly(t *testing.T) {
	t.Parallel()
	rule := domainRule("ours", "example.com", "staff")
	w := staffed(t, whole(""), rule)
	g := w.local["staff"]
	g.ByHandOnly = true
	w.local["staff"] = g
	expect(t, w.run(t), nil, nil)
	rule.ByHandOnly, w.rules = rule.Groups, []model.Rule{rule}
	w.rules[0] = rule
	expect(t, w.run(t), nil, nil)
	ana := w.named("ana")
	w.byRule[[2]string{ana.ID, "staff"}] = directory.RuleMembership{User: ana.ID, Connection: "aws", Group: g.ID, Origin: "ours"}
	expect(t, w.run(t), []string{"by_rule staff +0 -1 ours"}, nil)
}

// Limits of groups count what rules give by itself: neither hides what the other loses.
func TestRulesOverALimitWait(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for i := range 20 {
		w.person(fmt.Sprintf("%02d", i), fmt.Sprintf("user%02d", i))
	}
	w.group("g", "staff", "00", "01", "02", "03", "04", "05", "06", "07", "08", "09")
	w.run(t)
	for i := range 20 {
		w.said[fmt.Sprintf("user%02d", i)] = whole("Sales")
	}
	w.rules = []model.Rule{attributeRule("sellers", "Sales", "staff")}
	w.run(t)
	for i := range 5 {
		w.said[fmt.Sprintf("user%02d", i)] = whole("Other")
	}
	want := model.Hold{Kind: model.HoldGroupShrinks, Group: "staff", Would: 5, Of: 20, Allowed: 4, ByRule: true}
	if holds := w.plan(t).Holds; len(holds) != 1 || holds[0] != want {
		t.Errorf("held: %+v, want %+v", holds, want)
	}
	w.said["user00"], w.recent.RuleRemoved = whole("Sales"), map[int64]int{w.local["staff"].ID: 1}
	if holds := w.plan(t).Holds; len(holds) != 1 || holds[0].Before != 1 {
		t.Errorf("with one before: %+v", holds)
	}
	w.recent = directory.Recent{Removed: map[int64]int{w.local["staff"].ID: 1}}
	if holds := w.plan(t).Holds; len(holds) != 0 {
		t.Errorf("with one before that the source took: %+v", holds)
	}
	w.rules = nil
	holds := w.plan(t).Holds
	if len(holds) != 1 || holds[0].Kind != model.HoldGroupEmptied || !holds[0].ByRule {
		t.Errorf("without the rule: %+v", holds)
	}
}

// A run does by rules what a login does to which AWS says what it said last.
func TestARunAndALoginGiveTheSame(t *testing.T) {
	t.Parallel()
	rules := []model.Rule{domainRule("ours", "example.com", "staff"), attributeRule("sellers", "Sales", "sales"), awsRule("one", "g-1", "sales"),
		{Name: "closed", Connection: "aws", Kind: model.RuleAlways, Groups: []string{"hand"}, ByHandOnly: []string{"hand"}}}
	mine := []model.Membership{{UserID: "u", Group: "old", Source: model.MemberRule, Ref: "aws", Origin: "gone"}}
	for _, last := range []provision.Last{whole("Sales", "g-1"), whole("Other", "g-1"), whole("Sales"), whole("", "g-2")} {
		for _, email := range []string{"ana@example.com", "ana@other.example", ""} {
			last.Person.Email, last.Person.IdPEntityID, last.Person.NameID = email, "idp", "ana"
			user := model.User{ID: "u", Email: email, Active: true}
			d := provision.Decide(provision.Input{Connection: "aws", Config: model.Config{Provisioning: model.ProvisioningManual}, Person: last.Person,
				Known: model.Known{Rules: rules, Memberships: mine, ByIdentity: &user, Identity: &model.Identity{UserID: "u", IdPEntityID: "idp", NameID: "ana"}}})
			gains, losses := provision.Between(rules, last, mine)
			var given []model.GroupGrant
			var taken []string
			for _, g := range gains {
				given = append(given, g.GroupGrant)
			}
			for _, l := range losses {
				taken = append(taken, l.Group)
			}
			if d.Refusal != nil || !slices.Equal(given, d.AddGroups) || !slices.Equal(taken, d.RemoveGroups) {
				t.Errorf("%s, %+v: a run gives %v and takes %v, a login %v and %v (%+v)", email, last.Person, given, taken, d.AddGroups, d.RemoveGroups, d.Refusal)
			}
		}
	}
}
