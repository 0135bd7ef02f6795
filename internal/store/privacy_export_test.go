package store_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// Every table that says something about a person has its part in the export, and
// none of what is secret.
func TestPersonDataIsEverythingStored(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	ctx := t.Context()
	storetest.LiveConnection(t, st, "aws", nil)
	u := storetest.User(t, st, "ana.old")
	other := storetest.User(t, st, "bob")
	if _, err := st.SaveLogin(ctx, model.Login{ID: store.NewLoginID(), Connection: "aws", Outcome: model.OutcomeRefused, Username: "Ana.Old",
		Refusal: &model.Refusal{Code: model.CodeUserDeactivated}, Person: &model.Person{Email: "said@by.aws"}, XMLSealed: []byte("hidden-message")}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Bulk(ctx, storetest.Actor, model.BulkDeactivate, "", []string{u.ID, other.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.UpdateUser(ctx, storetest.Actor, "ana.old", func(x *model.User) error { x.Username = "ana"; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"insert into identities (user_id, connection_id, idp_entity_id, name_id, last_person) select $1, id, 'https://idp', 'ana-at-aws', '{\"Email\": " +
			"\"last@by.aws\"}' from connections",
		"insert into service_passwords (user_id, hash, hint, created_by) values ($1, 'hidden-hash', 'hidden-hint', 'owner@example.com')",
		"insert into apps (slug, kind, name) select 'jira-directory', 'crowd', $1::text union all select 'jira', 'oidc', ''",
		"insert into crowd_sessions (token_hash, app, user_id, session_epoch, factors, expires_at) values ('hidden-token', 'jira-directory', $1, 0, 'hidden', now())",
		"insert into app_sign_ins (app, worked_at, worked_user) select 'jira', now(), username from users where id = $1",
		"insert into administrators (email, email_key, password_hash, role, user_id) select username, username, '', 'viewer', id from users where id = $1",
		"insert into admin_sessions (administrator_id, method, user_agent, started_at, last_seen_at) select id, 'aws', 'Console Browser', now(), now() from " +
			"administrators where user_id = $1",
		"insert into passkeys (id, administrator_id, name, credential) select 'hidden-id', id, 'blue key', '{\"hidden\": 1}' from administrators where user_id = $1",
		"insert into recovery_codes (administrator_id, hash) select id, 'hidden-code' from administrators where user_id = $1",
		"insert into known_browsers (token_hash, administrator_id, seen_at) select 'hidden-browser', id, '2026-01-02' from administrators where user_id = $1",
		"insert into sources (slug, name, kind, settings, secret_sealed) select 'corp', 'Corp', 'ldap', '{}', 'hidden' where $1::text <> ''",
		"insert into source_users (source_id, stable_id, digest, says, username, username_key, enabled, place, user_id, first_run, changed_run) select id, " +
			"'ana-in-corp', '', 63, 'ana.corp', 'ana.corp', true, 'OU=People', $1, 1, 1 from sources",
		"insert into source_groups (source_id, stable_id, digest, name, members, first_run, changed_run) select id, 'g', '', 'corp-group', " +
			"'{ana-in-corp,hidden-other}', 1, 1 from sources where $1::text <> ''",
		"insert into source_runs (source_id, trigger, outcome) select id, 'hand', 'applied' from sources where $1::text <> ''",
		"insert into source_changes (run_id, nr, kind, stable_id, user_id, before, why) select id, 1, 'updated', 'ana-in-corp', $1, " +
			"'{\"username\": \"ana.before.run\"}', '' from source_runs",
		"insert into source_left_out (run_id, nr, kind, stable_id, name, keys, detail) select id, 1, 'pinned', '', 'ana', '{ana}', 'left.out.ana' " +
			"from source_runs where $1::text <> ''",
		"insert into scim_resources (source_id, kind, name, name_key, document, folded, created_at, modified_at) select id, 'User', 'ana', " +
			"'ana', '{\"title\": \"pushed.title\"}', '{}', now(), now() from sources where $1::text <> ''",
		"insert into scim_requests (source_id, at, method, path, status, outcome, line, name, name_key) select id, now(), 'PATCH', '/Users/x', 200, 'applied', " +
			"'pushed.line', 'ana', 'ana' from sources where $1::text <> ''",
		"update users set pins = '{\"email\": {\"by\": \"x\", \"at\": \"2026-01-02T00:00:00Z\", \"reason\": \"pinned.ana\"}}' where id = $1",
		"insert into audit (actor, action, object) select 'ana.old (through AWS)', 'group.update', 'what-she-did' where $1::text <> ''",
	} {
		if _, err := st.Pool().Exec(ctx, sql, u.ID); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if err := tokensFor(t, st, u.ID); err != nil {
		t.Fatal(err)
	}
	d, err := st.PersonData(ctx, storetest.Actor, "ana")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"names":["ana","ana.old"]`, `"Why":"made"`, "ana-at-aws", "last@by.aws", "said@by.aws", `"message_kept_sealed":true`,
		`"created_by":"owner@example.com"`,
		`"app":"jira-directory"`, `"kind":"refresh"`, `"apps_last_used_by_them":[{"app":"jira"`, `"operation":"renamed"`, `"kind":"deactivate"`, "Console Browser",
		"blue key", `"recovery_codes":1`, "2026-01-02", "ana-in-corp", "OU=People", "corp-group", "ana.before.run", "left.out.ana", "pinned.ana",
		"pushed.title", "pushed.line", "what-she-did", `"object":"ana.old"`, `"action":"bulk.deactivate"`, `"truncated":[]`} {
		if !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(string(text), `"Object"`, `"object"`), `"Action"`, `"action"`), want) {
			t.Errorf("the data lack %s", want)
		}
	}
	for _, secret := range []string{"hidden", "aGlkZGVu", "bob"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the data have %s", secret)
		}
	}
}

// tokensFor gives an app a code and a token for the user.
func tokensFor(t *testing.T, st *store.Store, userID string) error {
	t.Helper()
	_, err := st.Pool().Exec(t.Context(),
		`insert into oidc_requests (id, app, redirect_uri, state, nonce, scopes, code_challenge, prompt, hint, created_at, expires_at, user_id)
		values ('r', 'jira', '', 'hidden', 'hidden', '{}', '', '', '', now(), now(), $1)`, userID)
	if err != nil {
		return err
	}
	_, err = st.Pool().Exec(t.Context(),
		`insert into oidc_tokens (hash, kind, grant_id, app, user_id, session_epoch, scopes, auth_time, expires_at, connection_id, session_until, session_id)
		select 'hidden', 'refresh', 'r', 'jira', $1, 0, '{openid}', now(), now(), id, now(), 'hidden' from connections`, userID)
	return err
}

// An export that is cut says so.
func TestPersonDataSaysWhereItWasCut(t *testing.T) {
	t.Parallel()
	st := storetest.Open(t)
	u := storetest.User(t, st, "ana")
	for range 3 {
		if _, err := st.SaveLogin(t.Context(), model.Login{ID: store.NewLoginID(), Connection: "aws", Outcome: model.OutcomeSignedIn, Username: "ana",
			UserID: u.ID}); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[int][]string{2: {"logins"}, 3: {}} {
		d, err := st.CollectPerson(t.Context(), u, limit)
		if err != nil || len(d.Logins) != min(limit, 3) || !slices.Equal(d.Truncated, want) {
			t.Errorf("of 3 logins, cut at %d: %d, truncated %v, %v", limit, len(d.Logins), d.Truncated, err)
		}
	}
}
