package aws

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
)

func TestReadingTellsWhatAWSKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.update(func(c *awssim.Settings) {
		bob := &c.People[1]
		bob.Disabled, bob.Title = true, "Carpenter"
		bob.Enterprise = map[string]string{"department": "Building", "costCenter": "4711"}
		bob.ExternalIDs = []awssim.ExternalID{{Issuer: "https://scim.example/", ID: "0x9"}, {Issuer: "https://other.example/", ID: "17"}}
		c.Applications[0].AssignedPeople = []string{"dave"}
		c.People[0].Groups = []string{"Administrators"}
	})
	var told [][2]int
	r := w.reader()
	reading, err := r.Read(t.Context(), func(people, groups int) { told = append(told, [2]int{people, groups}) })
	if err != nil {
		t.Fatal(err)
	}
	bob, carol := by(reading.People, "bob"), by(reading.People, "carol")
	if bob.Enabled || bob.Why != "UserStatus DISABLED" || bob.Says != model.SaysAll || bob.Email != "bob@example.com" || bob.DisplayName != "Bob Builder" ||
		!slices.Equal(bob.ForeignIDs, []string{"0x9", "17"}) || bob.StableID != w.sim.Settings().People[1].ID {
		t.Errorf("bob is %+v", bob)
	}
	if fmt.Sprint(bob.Attributes) != "map[costCenter:[4711] department:[Building] title:[Carpenter]]" {
		t.Errorf("attributes %v", bob.Attributes)
	}
	if carol.Says.Has(model.SaysEmail) || carol.Email != "" || !carol.Enabled || carol.Attributes != nil {
		t.Errorf("somebody without email: %+v", carol)
	}
	var assigned []string
	for _, p := range reading.People {
		if p.Assigned {
			assigned = append(assigned, p.Username)
		}
	}
	// Alice is in no assigned group; dave is assigned himself.
	if !reading.Assignments || !reading.GroupsRead || !slices.Equal(assigned, []string{"bob", "carol", "dave", "erin"}) {
		t.Errorf("assigned %v", assigned)
	}
	if g := group(reading, "Engineers"); len(g.Members) != 3 || !slices.IsSorted(g.Members) || g.Description != "Build the product" {
		t.Errorf("%+v", g)
	}
	if len(reading.Remarks) != 0 || len(told) == 0 || told[len(told)-1] != [2]int{5, 2} {
		t.Errorf("remarks %q, progress %v", reading.Remarks, told)
	}
	names := GroupNames(reading)
	if len(names) != 2 || names[w.sim.Settings().Groups[1].ID] != "Engineers" {
		t.Errorf("names %v", names)
	}
}

// Members are read of the groups that are named or assigned, and of no others: each
// takes a call at least.
func TestMembersOfGroupsThatMatter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.update(func(c *awssim.Settings) { c.Groups = append(c.Groups, awssim.Group{Name: "Others"}) })
	reading := w.read(w.reader(func(o *Options) {
		o.Groups = model.GroupMapping{Mode: model.GroupsMap, Map: map[string]string{"administrators": "jira-administrators"}}
	}))
	if n := w.count("identitystore:ListGroupMemberships"); n != 2 {
		t.Errorf("%d calls for members, want one for the named group and one for the assigned one", n)
	}
	if len(group(reading, "Administrators").Members) != 1 || len(group(reading, "Engineers").Members) != 4 || len(reading.Groups) != 3 {
		t.Errorf("%+v", reading.Groups)
	}
	w.intercept(nil)
	reading = w.read(w.reader(func(o *Options) { o.Groups.Mode, o.Application = model.GroupsNone, "" }))
	if n := w.count("identitystore:ListGroupMemberships") + w.count("sso:ListInstances"); n != 0 || reading.Assignments || reading.People[0].Assigned {
		t.Errorf("%d calls for members and assignments that nobody asked for", n)
	}
}

// Older answers have no UserStatus: nobody is said to be disabled, or enabled.
func TestStatusThatIsAbsentIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.update(func(c *awssim.Settings) { c.OlderAnswers, c.People[0].Disabled = true, true })
	reading := w.read(w.reader())
	for _, p := range reading.People {
		if !p.Enabled || p.Says.Has(model.SaysActive) || p.StableID == "" {
			t.Errorf("%+v", p)
		}
	}
	if want := []string{"5 people came without a status: " +
		"AWS does not say whether they are enabled, and nobody is deactivated for it."}; !slices.Equal(reading.Remarks, want) {
		t.Errorf("remarks %q", reading.Remarks)
	}
}

func TestApplicationThatRequiresNoAssignments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.update(func(c *awssim.Settings) { c.Applications[0].OpenToAll, c.Applications[0].AssignedGroups = true, nil })
	for _, p := range w.read(w.reader()).People {
		if !p.Assigned {
			t.Errorf("%s may use the application", p.Username)
		}
	}
}

// Assignments come on pages that are shorter than asked for, and are read to the end.
func TestAssignmentsOnShortPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.update(func(c *awssim.Settings) {
		c.Applications[0].AssignedPeople, c.Applications[0].AssignedGroups = []string{"alice", "bob", "carol", "dave", "erin"}, nil
	})
	reading := w.read(w.reader())
	for _, p := range reading.People {
		if !p.Assigned {
			t.Errorf("%s is assigned", p.Username)
		}
	}
	if n := w.count("sso:ListApplicationAssignments"); n != 3 {
		t.Errorf("%d pages, want 3", n)
	}
}

// Whoever came as a member and not as a person is asked for: AWS knows them, so they
// were missed between two pages, or they are gone.
func TestMembersWhoAreNotAmongThePeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.sim.Settings()
	erin, engineers := c.People[4], c.Groups[1]
	w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, _ int) bool {
		switch action {
		case "identitystore:ListUsers":
			var people string
			for _, p := range c.People[:4] {
				people += `{"UserId":"` + p.ID + `","UserName":"` + p.Username + `"},`
			}
			return answer(rw, `{"Users":[`+people[:len(people)-1]+`]}`)
		case "identitystore:ListGroupMemberships":
			return answer(rw, `{"GroupMemberships":[{"MemberId":{"UserId":"`+erin.ID+`"}},{"MemberId":{"UserId":"gone"}},{"MemberId":{"UserId":"gone"}},
				{"MemberId":{"UserId":"`+c.People[0].ID+`"}},{"MemberId":{"GroupId":"nested"}},{}]}`)
		}
		return false
	})
	reading := w.read(w.reader())
	if len(reading.People) != 5 || by(reading.People, "erin").Email != "erin@example.com" || !by(reading.People, "erin").Assigned {
		t.Errorf("erin was not looked up: %+v", by(reading.People, "erin"))
	}
	if got := group(reading, engineers.Name).Members; len(got) != 2 || slices.Contains(got, "gone") {
		t.Errorf("members %v", got)
	}
	if n := w.count("identitystore:DescribeUser"); n != 2 || !slices.Contains(reading.Remarks,
		"1 person is still a member or assigned in AWS, and does not exist any more.") {
		t.Errorf("%d look-ups, remarks %q", n, reading.Remarks)
	}
}

// An assignment may outlive the group or the person, and a group may go while it is read.
func TestWhatIsGoneIsNoError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, n int) bool {
		switch {
		case action == "sso:ListApplicationAssignments":
			return answer(rw, `{"ApplicationAssignments":[{"PrincipalType":"GROUP","PrincipalId":"no-group"},{"PrincipalType":"USER","PrincipalId":"nobody"}]}`)
		case action == "identitystore:ListGroupMemberships" && n == 1:
			rw.Header().Set("Content-Type", "application/x-amz-json-1.1")
			rw.WriteHeader(http.StatusNotFound)
			_, _ = rw.Write([]byte(`{"__type":"ResourceNotFoundException","ResourceType":"GROUP","Message":"GROUP not found."}`))
			return true
		}
		return false
	})
	reading := w.read(w.reader())
	if len(reading.Groups) != 1 || reading.Groups[0].Name != "Engineers" || len(reading.People) != 5 || len(reading.Remarks) != 2 ||
		slices.ContainsFunc(reading.People, func(p model.SourcePerson) bool { return p.Assigned }) {
		t.Errorf("%+v, %q", reading.Groups, reading.Remarks)
	}
}

// The identity source was changed: the same people under other ids. The reader tells
// them as they are; the planner makes a hold of it.
func TestPeopleMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	before := w.read(w.reader())
	if err := w.sim.ChangeIdentitySource(); err != nil {
		t.Fatal(err)
	}
	after := w.read(w.reader())
	for _, p := range before.People {
		if now := by(after.People, p.Username); now.StableID == p.StableID || now.StableID == "" || now.Assigned != p.Assigned {
			t.Errorf("%s was %s and is %s", p.Username, p.StableID, now.StableID)
		}
	}
}

func TestTenThousandPeople(t *testing.T) {
	t.Parallel()
	settings := awssim.Defaults()
	for i := range 10_000 {
		settings.People = append(settings.People, awssim.Person{
			Username: fmt.Sprintf("person%05d", i), Email: fmt.Sprintf("p%d@example.com", i), Groups: []string{"Engineers"}})
	}
	w := newWorld(t, settings)
	reading := w.read(w.reader())
	assigned := 0
	for _, p := range reading.People {
		if p.Assigned {
			assigned++
		}
	}
	if len(reading.People) != 10_005 || assigned != 10_004 || len(group(reading, "Engineers").Members) != 10_004 {
		t.Errorf("%d people, %d assigned", len(reading.People), assigned)
	}
	// On a slow machine one may be asked for again.
	if n := w.count("identitystore:ListUsers"); n < 101 || n > 2*101 {
		t.Errorf("%d pages, want 101", n)
	}
}

// A text from outside is text: what PostgreSQL does not keep is replaced.
func TestTextsFromOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, _ int) bool {
		if action != "identitystore:ListUsers" {
			return false
		}
		return answer(rw, `{"Users":[{"UserId":"a","UserName":"x\u0000y","DisplayName":"<b>&\u202e","Emails":[{"Value":"second@example.com"},
			{"Value":"first@example.com","Primary":true}],"UserStatus":"SUSPENDED","Roles":[{"Value":"r1"},{"Value":"r2"}],"Extensions":
			{"aws:identitystore:enterprise":{"manager":{"value":"m1"},"employeeNumber":17,"list":["a",["b"],""],"none":null,"title":"kept"}},
			"Title":"t","Name":{"GivenName":"G"}},{"UserId":"b","Emails":[],"Extensions":{"aws:identitystore:enterprise":"text"}}]}`)
	})
	reading := w.read(w.reader(func(o *Options) { o.Application, o.Groups.Mode = "", model.GroupsNone }))
	p, q := reading.People[0], reading.People[1]
	if p.Username != "x\uFFFDy" || p.DisplayName != "<b>&\u202e" || p.Email != "first@example.com" || p.FirstName != "G" ||
		!p.Enabled || p.Says.Has(model.SaysActive) {
		t.Errorf("%+v", p)
	}
	if fmt.Sprint(p.Attributes) != "map[employeeNumber:[17] list:[a] manager:[m1] roles:[r1 r2] title:[t]]" {
		t.Errorf("%v", p.Attributes)
	}
	if q.StableID != "b" || q.Says != 0 || q.Attributes != nil {
		t.Errorf("somebody of whom nothing is said: %+v", q)
	}
}
