package store_test

import (
	"encoding/json"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// The function that may change the audit is called by the role that Postern runs
// as. Whoever is that role can have something erased, but not unseen.
func TestErasureFromTheAuditLeavesAnEntry(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	puppet := storetest.User(t, st, "puppet")
	mallory := storetest.User(t, st, "mallory")
	for _, name := range []string{"mallory", "long.gone"} {
		if err := st.RecordAudit(ctx, storetest.Actor, "user.update", name, "made herself administrator"); err != nil {
			t.Fatal(err)
		}
	}
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := st.Pool().Exec(ctx, sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	call := func(person any, names ...string) error {
		_, err := st.Pool().Exec(ctx, "select erase_from_audit($1::uuid, $2, 'erased-12345678', 'nobody', '')", person, names)
		return err
	}
	about := func(name string) int {
		t.Helper()
		entries, _, err := st.Audit(ctx, store.AuditQuery{Object: name})
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	was := about("mallory")
	for name, err := range map[string]error{
		"a name that somebody has":      call(nil, "mallory"),
		"the same, written otherwise":   call(nil, "Mallory"),
		"a user who is not there":       call("00000000-0000-0000-0000-000000000000", "mallory"),
		"the part that leaves no entry": func() error { _, err := st.Pool().Exec(ctx, "select blank_in_audit('mallory', 'x')"); return err }(),
		"another name than a user has":  call(nil, "nobody", "mallory"),
	} {
		if err == nil {
			t.Errorf("%s: erased", name)
		}
	}
	// A name of somebody else, given with a user, is not believed.
	if err := call(puppet.ID, "puppet", "mallory", "long.gone"); err != nil {
		t.Fatal(err)
	}
	if about("mallory") != was || about("long.gone") != 1 {
		t.Errorf("of %d entries about mallory %d are left, about another %d", was, about("mallory"), about("long.gone"))
	}
	// The way round: she is called otherwise for a moment. It works, and is seen.
	exec("update users set username = 'm', username_key = 'm' where id = $1", mallory.ID)
	if err := call(nil, "mallory"); err != nil {
		t.Fatal(err)
	}
	exec("update users set username = 'mallory', username_key = 'mallory' where id = $1", mallory.ID)
	entries, _, err := st.Audit(ctx, store.AuditQuery{Action: "user.erase"})
	if err != nil || len(entries) != 2 {
		t.Fatalf("the erasures left %+v, %v", entries, err)
	}
	said := struct {
		By      string
		Role    string `json:"database_role"`
		Entries int
		Deleted bool `json:"user_deleted"`
	}{}
	if err := json.Unmarshal(entries[0].After, &said); err != nil {
		t.Fatal(err)
	}
	if said.By != "erase_from_audit" || said.Role == "" || said.Entries != was || said.Deleted || entries[0].Object != "erased-12345678" {
		t.Errorf("the entry says %+v of %s", said, entries[0].Object)
	}
}

// A user is erased under earlier names, too, but for one that somebody else has by now.
func TestErasureFollowsEarlierNames(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	ctx := t.Context()
	u := storetest.User(t, st, "ana")
	for _, name := range []string{"ana.b", "ana.c"} {
		if _, err := st.UpdateUser(ctx, storetest.Actor, u.Username, func(x *model.User) error { x.Username = name; return nil }); err != nil {
			t.Fatal(err)
		}
		u.Username = name
	}
	storetest.User(t, st, "ana") // somebody else
	alias, err := st.ErasePerson(ctx, storetest.Actor, "ana.c")
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	entries, _, err := st.Audit(ctx, store.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		counts[e.Object]++
	}
	if counts["ana"] == 0 || counts["ana.b"] != 0 || counts["ana.c"] != 0 || counts[alias] < 2 {
		t.Errorf("the audit is about %v, and %s was erased", counts, alias)
	}
}
