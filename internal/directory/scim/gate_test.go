package scim_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/directory/scim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// as sends a request with another token, or to another source.
func (s *site) as(slug, authorization, method, path string) reply {
	s.t.Helper()
	before := s.slug
	s.slug = slug
	r := s.request(method, path, "")
	s.slug = before
	r.Header.Set("Authorization", authorization)
	return s.send(r)
}

// Without a right token every address answers the same, of sources that are there and
// of others, of what is there and what is not.
func TestRow23WithoutAToken(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	s := newSite(t, st, nil)
	other := newSite(t, st, func(src *model.Source) { src.Slug = "okta" })
	read := model.NewSource(model.SourceLDAP)
	read.Slug, read.Name, read.LDAP.URLs, read.LDAP.Base = "corp", "Corp", []string{"ldaps://dc.example.com"}, "dc=example,dc=com"
	if _, err := st.CreateSource(t.Context(), tester, read); err != nil {
		t.Fatal(err)
	}
	s.make("ana")
	want := s.as("entra", "", "GET", "/Users")
	if want.status != 401 || want.header.Get("WWW-Authenticate") != `Bearer realm="scim"` || want.body["status"] != "401" {
		t.Errorf("without a token: %d %v %s", want.status, want.header, want.text)
	}
	for _, slug := range []string{"entra", "okta", "corp", "nobody", "%00", strings.Repeat("x", 3000)} {
		for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic " + s.token, s.token, "Bearer " + s.token[1:],
			"Bearer " + strings.ToUpper(s.token)} {
			s.address = fmt.Sprintf("192.0.2.%d", len(slug)%100+len(authorization)) // so that none has tried too often
			for _, path := range []string{"/Users/{ana}", "/Nothing"} {
				got := s.as(slug, authorization, "GET", path)
				if got.status != 401 || got.text != want.text || fmt.Sprint(got.header) != fmt.Sprint(want.header) {
					t.Errorf("%.20s with %.20q: %d %s", slug, authorization, got.status, got.text)
				}
			}
		}
	}
	if got := s.as("okta", "Bearer "+s.token, "GET", "/Users"); got.status != 401 {
		t.Errorf("the token of another source: %d", got.status)
	}
	if got := s.as("okta", "bearer "+other.token, "GET", "/Users"); got.status != 200 || got.body["totalResults"] != 0.0 {
		t.Errorf("the other source with its own: %d %s", got.status, got.text)
	}
}

// A token sees and changes what its own source pushed and nothing else.
func TestRow23ASourceSeesItsOwn(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	s := newSite(t, st, nil)
	s.make("ana")
	s.run([]step{{why: "her group", method: "POST", path: "/Groups", status: 201, is: "staff", body: `{"displayName":"Staff","members":[{"value":"{ana}"}]}`}})
	other := newSite(t, st, func(src *model.Source) { src.Slug = "okta" })
	other.ids = s.ids
	other.make("bob")
	other.run([]step{
		{why: "list", method: "GET", path: "/Users", status: 200, want: `{"totalResults":1,"Resources":[{"userName":"bob"}]}`},
		{why: "by name", method: "GET", path: `/Users?filter=userName eq "ana"`, status: 200, want: `{"totalResults":0}`},
		{why: "by id", method: "GET", path: `/Users?filter=id eq "{ana}"`, status: 200, want: `{"totalResults":0}`},
		{why: "GET", method: "GET", path: "/Users/{ana}", status: 404},
		{why: "PUT", method: "PUT", path: "/Users/{ana}", status: 404, body: `{"userName":"mine","active":false}`},
		{why: "PATCH", method: "PATCH", path: "/Users/{ana}", status: 404, body: patch(`{"op":"replace","path":"active","value":false}`)},
		{why: "DELETE", method: "DELETE", path: "/Users/{ana}", status: 404},
		{why: "group", method: "DELETE", path: "/Groups/{staff}", status: 404},
		{why: "a person as a group", method: "GET", path: "/Groups/{bob}", status: 404},
		{why: "her as a member", method: "POST", path: "/Groups", status: 201, is: "mine",
			body: `{"displayName":"Mine","members":[{"value":"{ana}"},{"value":"{bob}"}]}`},
		{why: "only his own came", method: "GET", path: "/Groups/{mine}", status: 200, want: `{"members":[{"value":"{bob}"}]}`},
		{why: "her name is another owner's", method: "POST", path: "/Users", status: 409, body: `{"userName":"ana","externalId":"o","active":false}`},
	})
	if u := s.user("ana"); !u.Active || u.Home != "entra" || s.groupsOf("ana") != "Staff by source" {
		t.Errorf("she is %+v in %s", u, s.groupsOf("ana"))
	}
}

// Tokens are 256 random bits, kept as a hash and two at a time.
func TestRow23Tokens(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.OpenPool(t), nil)
	ctx := t.Context()
	random, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(s.token, "postern-scim-"))
	if err != nil || len(random) != 32 {
		t.Errorf("%q has %d random bytes, %v", s.token, len(random), err)
	}
	kept, err := s.store.SCIMTokens(ctx, s.slug)
	if err != nil || len(kept) != 1 || kept[0].Hint != s.token[:17] || string(kept[0].Hash) != string(hashOf(s.token)) || !kept[0].LastUsedAt.IsZero() {
		t.Errorf("kept %+v, %v", kept, err)
	}
	asked := func(token string) int { return s.as("entra", "Bearer "+token, "GET", "/Users?count=0").status }
	second, ended, err := s.store.MakeSCIMToken(ctx, tester, s.slug, s.now.Add(time.Hour))
	if err != nil || len(ended) != 0 || asked(s.token) != 200 || asked(second) != 200 {
		t.Errorf("a second one: %v, ended %v", err, ended)
	}
	third, ended, err := s.store.MakeSCIMToken(ctx, tester, s.slug, time.Time{})
	if err != nil || len(ended) != 1 || ended[0].ID != kept[0].ID || asked(s.token) != 401 || asked(second) != 200 || asked(third) != 200 {
		t.Errorf("a third one: %v, ended %+v", err, ended)
	}
	s.now = s.now.Add(time.Hour)
	if asked(second) != 401 || asked(third) != 200 {
		t.Error("the second one did not end with its hour")
	}
	if got := s.lines(1)[0]; got.Outcome != model.SCIMRefused || got.Line != "Came with a token that has ended" || got.Status != 401 {
		t.Errorf("nothing says that a token has ended: %+v", got)
	}
	kept, err = s.store.SCIMTokens(ctx, s.slug)
	if err != nil || len(kept) != 2 || kept[0].LastUsedAt.IsZero() || kept[0].ExpiresAt != (time.Time{}) {
		t.Errorf("kept %+v, %v", kept, err)
	}
	if err := s.store.DeleteSCIMToken(ctx, tester, s.slug, kept[0].ID); err != nil || asked(third) != 401 {
		t.Errorf("one that was taken back: %v", err)
	}
	if err := s.store.DeleteSCIMToken(ctx, tester, s.slug, kept[0].ID); err == nil {
		t.Error("it was taken back twice")
	}
	if _, _, err := s.store.MakeSCIMToken(ctx, tester, "nobody", time.Time{}); err == nil {
		t.Error("a source that is not there has a token")
	}
	entries, _, err := s.store.Audit(ctx, store.AuditQuery{Page: store.Page{Limit: 50}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.Contains(fmt.Sprint(e), third[17:]) || strings.Contains(fmt.Sprint(e), s.token[17:]) {
			t.Errorf("the audit has a token: %+v", e)
		}
	}
}

// A token is compared by its whole hash with each that is kept, whichever comes first:
// a part of one, nothing, and what stands in for a token that is not there, are none.
func TestRow23TokensAreComparedWhole(t *testing.T) {
	t.Parallel()
	kept := []model.SCIMToken{{ID: 1, Hash: hashOf("first")}, {ID: 2, Hash: hashOf("second")}, {ID: 3, Hash: hashOf("third")}}
	for given, want := range map[string]int64{"first": 1, "second": 2, "third": 3, "": 0, "firs": 0, "first ": 1, "firstt": 0, "second first": 0,
		string(make([]byte, 32)): 0} {
		for n := range len(kept) + 1 {
			at := want
			if int64(n) < want {
				at = 0 // not among those that are kept
			}
			if got, ok := scim.RightToken("Bearer "+given, kept[:n]); ok != (at != 0) || got.ID != at {
				t.Errorf("%q among %d: %d, %v", given, n, got.ID, ok)
			}
		}
	}
	for _, header := range []string{"first", "Basic first", "Bearerfirst", ""} {
		if _, ok := scim.RightToken(header, kept); ok {
			t.Errorf("%q is a token", header)
		}
	}
}

func hashOf(token string) []byte { sum := sha256.Sum256([]byte(token)); return sum[:] }

// Whoever tries tokens is slowed down by network; a right token is let in all the same.
func TestRow23FailuresAreLimitedByNetwork(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t), nil)
	try := func(address, token string) reply {
		s.address = address
		return s.as("entra", "Bearer "+token, "GET", "/ServiceProviderConfig")
	}
	for i := range 60 {
		if got := try(fmt.Sprintf("2001:db8:1:2::%x", i), "wrong"); got.status != 401 {
			t.Fatalf("%d: %d", i, got.status)
		}
	}
	got := try("2001:db8:1:2:ffff::1", "wrong")
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "60" {
		t.Errorf("one too many: %d %v", got.status, got.header)
	}
	if got := try("2001:db8:1:2::1", s.token); got.status != 200 {
		t.Errorf("the right token from there: %d", got.status)
	}
	if got := try("2001:db8:1:3::1", "wrong"); got.status != 401 {
		t.Errorf("the network beside it: %d", got.status)
	}
	s.now = s.now.Add(time.Minute)
	if got := try("2001:db8:1:2::1", "wrong"); got.status != 401 {
		t.Errorf("a minute later: %d", got.status)
	}
}

// A token that was stolen cannot switch everybody off: at the limit it takes no more
// effect, whether people are disabled or deleted.
func TestRow23AStolenTokenIsStopped(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"disable", "delete"} {
		s := newSite(t, storetest.OpenPool(t), nil)
		var names []string
		for i := range 20 {
			names = append(names, fmt.Sprintf("u%02d", i))
		}
		s.make(names...)
		off := func(name string) {
			t.Helper()
			if how == "delete" {
				s.run([]step{{why: how, method: "DELETE", path: "/Users/{" + name + "}", status: 204}})
				return
			}
			s.run([]step{{why: how, method: "PATCH", path: "/Users/{" + name + "}", status: 200, want: `{"active":false}`,
				body: patch(`{"op":"Replace","path":"active","value":"False"}`)}})
		}
		for _, n := range names {
			off(n)
		}
		active := 0
		for _, n := range names {
			if s.user(n).Active {
				active++
			}
		}
		if active != 15 { // five are let through in any case
			t.Errorf("%s: %d of 20 are active still", how, active)
		}
		held := s.last(model.SCIMHeld, "waits for a person")
		run, err := s.store.SourceRun(t.Context(), s.slug, held.Run)
		if err != nil || run.Outcome != model.RunHeld || run.Trigger != model.RunByPush || len(run.Holds) != 1 || run.Holds[0].Kind != model.HoldDeactivations ||
			run.Holds[0].Before != 5 {
			t.Errorf("%s: the run that waits: %+v, %v", how, run, err)
		}
		src, err := s.store.Source(t.Context(), s.slug)
		if err != nil || src.NextRunAt.IsZero() {
			t.Errorf("%s: what came after it is not planned: %v, %v", how, src.NextRunAt, err)
		}
		for action, want := range map[string]int{"user.update": 5, "source.run_held": 1} {
			entries, _, err := s.store.Audit(t.Context(), store.AuditQuery{Action: action, Page: store.Page{Limit: 50}})
			if err != nil || len(entries) != want || entries[0].Actor != model.ActorOfSource(s.slug).Name {
				t.Errorf("%s: the audit has of %s %+v, want %d, %v", how, action, entries, want, err)
			}
		}
	}
}

// Nothing that is pushed makes somebody an administrator, or a member of a group that
// people come into by hand only.
func TestRow23NothingPushedGivesTheConsole(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	s := newSite(t, st, nil)
	ctx := t.Context()
	for _, name := range []string{"Console", "Vault"} {
		if _, err := st.CreateGroup(ctx, tester, model.Group{Name: name, ByHandOnly: name == "Vault"}); err != nil {
			t.Fatal(err)
		}
	}
	console, err := st.Group(ctx, "Console")
	s.must(err)
	_, err = st.Pool().Exec(ctx, `insert into settings (key, value) values ('settings', jsonb_build_object('console_group_id', $1::bigint))
		on conflict (key) do update set value = settings.value || excluded.value`, console.ID)
	s.must(err)
	storetest.User(t, st, "owner")
	s.must(st.AddMember(ctx, tester, "Console", "owner"))
	s.make("ana")
	for _, name := range []string{"Console", "Vault"} {
		s.run([]step{
			{why: name, method: "POST", path: "/Groups", status: 201, is: name, body: `{"displayName":"` + name + `","members":[{"value":"{ana}"}]}`},
			{why: "again", method: "PATCH", path: "/Groups/{" + name + "}", status: 204, body: patch(`{"op":"replace","path":"members","value":[{"value":"{ana}"}]}`)},
		})
	}
	s.run([]step{
		{why: "by a role", method: "PATCH", path: "/Users/{ana}", status: 200, body: patch(`{"op":"add","path":"roles","value":[{"value":"owner"}]}`)},
		{why: "by her groups", method: "PATCH", path: "/Users/{ana}", status: 400, body: patch(`{"op":"add","path":"groups","value":[{"value":"{Console}"}]}`)},
	})
	if got := s.groupsOf("ana"); got != "" {
		t.Errorf("she is in %s", got)
	}
	s.run([]step{{why: "who may use the console", method: "POST", path: "/Users", status: 201, is: "owner",
		body: `{"userName":"owner","externalId":"o","active":false}`}})
	if u := s.user("owner"); !u.Active || u.Home != "" {
		t.Errorf("the owner is %+v", u)
	}
	s.last(model.SCIMNothing, "may use this console")
}
