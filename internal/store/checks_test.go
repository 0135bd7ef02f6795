package store_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// constantsOf are the types of internal/model whose constants a column holds.
var constantsOf = map[string]string{
	"administrators.role": "Role", "connections.status": "Status", "revisions.state": "RevisionState", "users.source": "UserSource",
	"memberships.source": "MembershipSource", "rules.kind": "RuleKind", "logins.outcome": "Outcome", "bulk_changes.kind": "BulkKind",
	"setup_links.task": "SetupTask", "oidc_keys.state": "KeyState", "oidc_tokens.kind": "TokenKind",
	"link_consents.why": "ConsentWhy",
	"jobs.kind":         "JobKind", "jobs.state": "JobState",
	"sources.kind": "SourceKind", "sources.status": "SourceStatus", "source_runs.trigger": "RunTrigger", "source_runs.outcome": "RunOutcome",
	"source_changes.kind": "SourceChangeKind", "source_left_out.kind": "LeftOutKind",
	"scim_resources.kind": "SCIMKind", "scim_requests.outcome": "SCIMOutcome",
}

// The database accepts the very values that the program knows: one that it does
// not know would be refused when somebody first uses it.
func TestChecksAcceptWhatTheProgramKnows(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"apps.kind": model.AppKinds(), "apps.product": model.Products(),
		"warnings.smtp_tls":    {model.MailStartTLS, model.MailTLS, model.MailPlain},
		"notices.channel":      {"mail", "webhook"},
		"source_users.state":   {store.MirrorPresent, store.MirrorAbsent},
		"source_groups.state":  {store.MirrorPresent, store.MirrorAbsent},
		"source_changes.state": {string(store.ChangePlanned), string(store.ChangeApplied), string(store.ChangeSkipped), string(store.ChangeUndone)},
		// Only the database's own triggers write these.
		"crowd_events.kind":      {"user", "group", "membership", "reset"},
		"crowd_events.operation": {"created", "updated", "renamed", "deleted", "touched"},
	}
	for column, typeName := range constantsOf {
		want[column] = sourcetest.Constants(t, "internal/model", typeName)
	}
	got := allowed(t)
	for column, values := range want {
		slices.Sort(values)
		if !slices.Equal(got[column], values) {
			t.Errorf("%s accepts %q, and the program knows %q", column, got[column], values)
		}
	}
	for column := range got {
		if want[column] == nil {
			t.Errorf("%s accepts a list of values: say here which constants they are", column)
		}
	}
}

// columns are the texts of one column of an answer of the database.
func columns(t *testing.T, sql string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(texts) == 0 {
		t.Fatalf("%d rows, %v", len(texts), err)
	}
	return texts
}

// sourceOf are the words in quotes of a file, named from the root.
func sourceOf(t *testing.T, file string) map[string]bool {
	t.Helper()
	words := map[string]bool{}
	for _, m := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(sourcetest.Read(t, file), -1) {
		words[m[1]] = true
	}
	return words
}

// allowed are the values that a check allows, sorted, by table and column.
func allowed(t *testing.T) map[string][]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), `select rel.relname || '.' || col.attname, pg_get_constraintdef(con.oid)
		from pg_constraint con join pg_class rel on rel.oid = con.conrelid
		join pg_attribute col on col.attrelid = con.conrelid and array[col.attnum] = con.conkey
		where con.contype = 'c' and rel.relnamespace = 'public'::regnamespace and pg_get_constraintdef(con.oid) like '%ANY (ARRAY[%'`)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]string{}
	var column, definition string
	_, err = pgx.ForEachRow(rows, []any{&column, &definition}, func() error {
		for _, m := range regexp.MustCompile(`'([^']*)'::text`).FindAllStringSubmatch(definition, -1) {
			values[column] = append(values[column], m[1])
		}
		slices.Sort(values[column])
		return nil
	})
	if err != nil || len(values) == 0 {
		t.Fatalf("%d checks, %v", len(values), err)
	}
	return values
}
