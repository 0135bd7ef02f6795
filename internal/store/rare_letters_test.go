package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func collect(t *testing.T, rows pgx.Rows, err error) []string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// What an index narrows is what a search without any finds, whatever its letters.
func TestSearchesFindWhatIsThere(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	st := storetest.OpenPool(t)
	names := []string{"Jörg Müller", "JÖRG 100%", "a_b", `back\slash`, "王伟", "O'Brien-Ümit", "İnci ß", "plain", "qz.me", "naïve ﬁ"}
	group := storetest.Group(t, st, "staff")
	for i, name := range names {
		u := model.User{Username: "user" + string(rune('a'+i)), DisplayName: name, Active: true}
		if _, err := st.CreateUser(ctx, storetest.Actor, u, nil); err != nil {
			t.Fatal(err)
		}
		if err := st.AddMember(ctx, model.Actor{Name: name}, group.Name, u.Username); err != nil {
			t.Fatal(err)
		}
	}
	for _, search := range []string{"ü", "Ü", "ö", "%", "_", `\`, "王", "王伟", "-", "'", "q", "qz", "mü", "100%", "ß", "ï", "fi",
		"İ", "i", "!", "€", "@", "user", "b-ü"} {
		key := model.Key(search)
		var want, got, members []string
		rows, err := st.Pool().Query(ctx, "select username from users where strpos(search_key, $1) > 0 order by username", key)
		want = collect(t, rows, err)
		users, _, err := st.Users(ctx, store.UserQuery{Search: search})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range users {
			got = append(got, u.Username)
		}
		in, _, err := st.Members(ctx, group.Name, store.MemberQuery{Search: search})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range in {
			members = append(members, m.User.Username)
		}
		if !slices.Equal(got, want) || !slices.Equal(members, want) {
			t.Errorf("%q finds the users %v and the members %v, want %v", search, got, members, want)
		}
		rows, err = st.Pool().Query(ctx, `select id::text from audit where audit_text(actor, action, object, note, remote_addr, before, after) ilike $1
			order by id desc limit 50`, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(search)+"%")
		entries, _, auditErr := st.Audit(ctx, store.AuditQuery{Search: search})
		if auditErr != nil {
			t.Fatal(auditErr)
		}
		if naive := collect(t, rows, err); len(naive) != len(entries) {
			t.Errorf("%q finds %d entries, want %d", search, len(entries), len(naive))
		}
	}
}

// Each index answers the question that it was made for.
func TestSearchesHaveTheirIndexes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	st := storetest.OpenPool(t)
	tx, err := st.Pool().Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }() // it changed nothing
	if _, err := tx.Exec(ctx, "set local enable_seqscan = off; set local enable_indexscan = off"); err != nil {
		t.Fatal(err)
	}
	for index, from := range map[string]string{
		"users_rare_letters":  "users u where rare_letters(u.search_key) @> rare_letters('ü')",
		"groups_rare_letters": "groups g where rare_letters(g.search_key) @> rare_letters('ü')",
		"audit_rare_letters":  "audit where rare_letters(lower(" + store.AuditText + ")) @> rare_letters(lower('ü'))",
		"audit_of_name":       "audit a where " + strings.ReplaceAll(store.AuditOfName, "@name", "'ana'"),
	} {
		rows, err := tx.Query(ctx, "explain select from "+from)
		if plan := collect(t, rows, err); !strings.Contains(strings.Join(plan, "\n"), index) {
			t.Errorf("%s is not used: %s", index, strings.Join(plan, "\n"))
		}
	}
}

// A letter is rare to the program where it is to the database.
func TestRareLettersAreTheSameToBoth(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	for r := rune(1); r < 0x500; r++ {
		var rare bool
		if err := st.Pool().QueryRow(t.Context(), "select rare_letters(lower($1::text)) <> '{}'", string(r)).Scan(&rare); err != nil {
			t.Fatal(err)
		}
		if got := store.HasRareLetter(string(r)); got != rare {
			t.Errorf("%q is rare: %t, want %t", r, got, rare)
		}
	}
}

// A search of the audit that would read each entry is too short.
func TestShortSearchesOfTheAudit(t *testing.T) {
	t.Parallel()
	for search, want := range map[string]bool{"": false, "q": true, "QZ": true, "a.b": true, "@": true,
		"abc": false, "10.0.0.7": false, "ü": false, "%": false, "qü": false} {
		if got := (store.AuditQuery{Search: search}).TooShort(); got != want {
			t.Errorf("%q is too short: %t", search, got)
		}
	}
	if (store.AuditQuery{Search: "q", Object: "ana"}).TooShort() {
		t.Error("among the entries of one object")
	}
}
