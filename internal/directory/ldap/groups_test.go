package ldap

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/peertest"
)

// tree is people and groups in memory, of Active Directory.
type tree struct {
	s *session
	p *people
	g *groups
}

func newTree(t testing.TB, people int) *tree {
	t.Helper()
	r := &Reader{now: nil}
	s := &session{reader: r, layout: layout{preset: presets[model.VendorOpenLDAP], vendor: model.VendorOpenLDAP, nested: true}}
	s.layout.judge = lockedForGood
	s.reader.now = fixedNow
	x := &tree{s: s, p: newPeople(), g: newGroups()}
	for i := range people {
		e := entry{dn: fmt.Sprintf("uid=u%d,dc=x", i), values: map[string][]string{"uid": {fmt.Sprintf("u%d", i)}, "entryuuid": {fmt.Sprintf("%08d", i)}}}
		if err := x.p.add(s, e); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

func (x *tree) group(t testing.TB, cn string, members ...string) {
	t.Helper()
	e := entry{dn: "cn=" + cn + ",dc=x", values: map[string][]string{"cn": {cn}, "entryuuid": {cn}, "member": members}}
	if err := x.g.add(t.Context(), x.s, x.p, e); err != nil {
		t.Fatal(err)
	}
}

func (x *tree) members(t testing.TB) map[string][]string {
	t.Helper()
	all, err := x.s.together(x.p, x.g, maxMemberships)
	if err != nil {
		t.Fatal(err)
	}
	members := map[string][]string{}
	for _, g := range all {
		members[g.Name] = g.Members
	}
	return members
}

// Groups in groups in a loop, a group in itself, and one person by many ways.
func TestLoopsOfGroups(t *testing.T) {
	t.Parallel()
	x := newTree(t, 4)
	x.group(t, "a", "cn=b,dc=x", "uid=u0,dc=x")
	x.group(t, "b", "CN=c,DC=x", "uid=u1,dc=x")
	x.group(t, "c", "cn=a,dc=x", "uid=u2,dc=x", "uid=u2,dc=x", "UID=U2,DC=X")
	x.group(t, "self", "cn=self,dc=x", "uid=u3,dc=x")
	got := x.members(t)
	for _, name := range []string{"a", "b", "c"} {
		if want := []string{"00000000", "00000001", "00000002"}; !slices.Equal(got[name], want) {
			t.Errorf("%s has %v", name, got[name])
		}
	}
	if !slices.Equal(got["self"], []string{"00000003"}) || len(x.s.remarks) != 0 {
		t.Errorf("self has %v; remarks %q", got["self"], x.s.remarks)
	}
}

// Ten levels count; an eleventh is left out, and said.
func TestDeepGroups(t *testing.T) {
	t.Parallel()
	x := newTree(t, 12)
	for i := range 12 {
		members := []string{fmt.Sprintf("uid=u%d,dc=x", i)}
		if i < 11 {
			members = append(members, fmt.Sprintf("cn=g%d,dc=x", i+1))
		}
		x.group(t, fmt.Sprintf("g%d", i), members...)
	}
	got := x.members(t)
	if len(got["g0"]) != 11 || len(got["g1"]) != 11 || len(got["g11"]) != 1 {
		t.Errorf("g0 has %d, g1 %d, g11 %d", len(got["g0"]), len(got["g1"]), len(got["g11"]))
	}
	if want := "1 group has groups in more than 10 levels. What is below does not count."; !slices.Contains(x.s.remarks, want) {
		t.Errorf("remarks %q", x.s.remarks)
	}
}

func TestGroupOf50000(t *testing.T) {
	t.Parallel()
	x := newTree(t, 50_000)
	var members []string
	for i := range 50_000 {
		members = append(members, fmt.Sprintf("uid=u%d,dc=x", i))
	}
	x.group(t, "all", members...)
	for i := range 3 { // each has all, through a loop
		x.group(t, fmt.Sprintf("g%d", i), "cn=all,dc=x", fmt.Sprintf("cn=g%d,dc=x", (i+1)%3))
	}
	for name, m := range x.members(t) {
		if len(m) != 50_000 {
			t.Errorf("%s has %d members", name, len(m))
		}
	}
	if _, err := x.s.together(x.p, x.g, 100_000); err == nil || !strings.Contains(err.Error(), "100,000 members") {
		t.Errorf("more memberships than are allowed were counted together: %v", err)
	}
}

// Two names that are one here and are two on the server give nobody a membership by guess.
func TestNamesThatAreOneHere(t *testing.T) {
	t.Parallel()
	x := newTree(t, 0)
	for i, dn := range []string{"uid=Ana,dc=x", "uid=ANA,dc=x"} {
		e := entry{dn: dn, values: map[string][]string{"uid": {dn}, "entryuuid": {fmt.Sprint(i)}}}
		if err := x.p.add(x.s, e); err != nil {
			t.Fatal(err)
		}
	}
	x.group(t, "exact", "uid=Ana,dc=x")
	x.group(t, "guess", "uid=ana,dc=x")
	got := x.members(t)
	if !slices.Equal(got["exact"], []string{"0"}) || len(got["guess"]) != 0 || len(x.s.remarks) != 1 {
		t.Errorf("%v, %q", got, x.s.remarks)
	}
}

// Members by username, by number, with a number behind the name, and by awkward names.
func TestKindsOfMembers(t *testing.T) {
	t.Parallel()
	posix := func(uid, number, more string) string {
		return fmt.Sprintf("dn: uid=%[1]s,ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\nobjectClass: shadowAccount\n"+
			"uid: %[1]s\ncn: %[1]s\nsn: %[1]s\nuidNumber: 1000\ngidNumber: %[2]s\nhomeDirectory: /\n%[3]s\n", uid, number, more)
	}
	s := peertest.StartSlapd(t, peertest.SlapdOptions{LDIF: unitsLDIF +
		posix("ana", "100", "gecos: Ana Ito\n") + posix("ben", "200", "shadowExpire: 1\n") +
		"dn: cn=Doe\\2C Jane+uid=jane,ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: jane\ncn: Doe, Jane\nsn: \"x\" \\ + #\n\n" +
		"dn:: Y249U8O2aG5lIMOcYmVyXCssb3U9cGVvcGxlLGRjPWV4YW1wbGUsZGM9dGVzdA==\nobjectClass: inetOrgPerson\nuid: soehne\ncn:: U8O2aG5lIMOcYmVyKw==\nsn: x\n\n" +
		groupLDIF("awkward", `UID=jane+CN=doe\, JANE,ou=People,dc=example,dc=test`, `cn=s\c3\b6hne  \C3\9cber\2b,ou=people,dc=example,dc=test`) +
		"dn: cn=unique,ou=groups,dc=example,dc=test\nobjectClass: groupOfUniqueNames\ncn: unique\nuniqueMember: " + uidDN("ana") + "#'0101'B\nuniqueMember: " +
		uidDN("ben") + "\n\n" +
		"dn: cn=unix,ou=groups,dc=example,dc=test\nobjectClass: posixGroup\ncn: unix\ngidNumber: 200\nmemberUid: ana\nmemberUid: nobody\n\n"})

	r := readAll(t, settingsOf(s))
	for group, want := range map[string][]string{"awkward": {"jane", "soehne"}, "unique": {"ana", "ben"}} {
		if got := membersOf(t, r, group); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", group, got, want)
		}
	}
	settings := settingsOf(s)
	settings.Vendor = model.VendorPOSIX
	r = readAll(t, settings)
	if got := membersOf(t, r, "unix"); len(r.People) != 2 || len(r.Groups) != 1 || !slices.Equal(got, []string{"ana", "ben"}) {
		t.Errorf("unix has %v; %d people, %d groups", got, len(r.People), len(r.Groups))
	}
	if ben := personOf(t, r, "ben"); ben.Enabled || !strings.HasPrefix(ben.Why, "shadowExpire 1 ") {
		t.Errorf("ben is %+v", ben)
	}

	for _, settings := range []model.LDAPSettings{settings, settingsOf(s)} { // one person, as all together
		r := readAll(t, settings)
		reader := newReader(t, settings, peertest.SlapdPassword)
		reader.patience.login = reader.patience.operation // this machine may be slow
		for _, p := range r.People {
			for _, who := range []string{p.Username, p.StableID} {
				one, err := reader.ReadOne(t.Context(), who)
				if err != nil || one.Person.Digest() != p.Digest() || (p.Username != "ana" && !slices.Equal(one.Groups, groupsWith(r, p.StableID))) {
					t.Errorf("%s: %+v, %v; want groups %v", who, one, err, groupsWith(r, p.StableID))
				}
			}
		}
	}
}

// A person is added to a group and deleted: neither changes the person or is told of
// by the server's own marks, and a whole reading has both.
func TestChangesAreRead(t *testing.T) {
	t.Parallel()
	s := peertest.StartSlapd(t, peertest.SlapdOptions{LDIF: unitsLDIF + personLDIF("ana", "") + personLDIF("ben", "") + groupLDIF("staff", uidDN("ben"))})
	before := readAll(t, settingsOf(s))
	admin := asAdmin(t, s)
	add := ldap.NewModifyRequest(cnDN("staff"), nil)
	add.Add("member", []string{uidDN("ana")})
	rename := ldap.NewModifyDNRequest(uidDN("ana"), "uid=anna", true, "")
	for what, err := range map[string]error{"add": admin.Modify(add),
		"delete": admin.Del(ldap.NewDelRequest(uidDN("ben"), nil)), "rename": admin.ModifyDN(rename)} {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	after := readAll(t, settingsOf(s))
	if got := membersOf(t, after, "staff"); len(after.People) != 1 || !slices.Equal(got, []string{"anna"}) {
		t.Errorf("staff has %v of %d people", got, len(after.People))
	}
	if was, is := personOf(t, before, "ana"), personOf(t, after, "anna"); was.StableID != is.StableID {
		t.Errorf("the id of a renamed person changed from %s to %s", was.StableID, is.StableID)
	}
}

func fixedNow() time.Time { return time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC) }
