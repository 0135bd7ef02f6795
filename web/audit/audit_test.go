package audit_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/web/audit"
	"github.com/postern-sso/postern/web/webtest"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, before, after string
		want                []parts.FieldChange
	}{
		{"nothing", "", "", nil},
		{"the same", `{"a":"x"}`, `{"a":"x"}`, nil},
		{"created", "", `{"name":"ana","email":"","active":true,"groups":[]}`,
			[]parts.FieldChange{{Name: "active", After: "true"}, {Name: "name", After: "ana"}}},
		{"deleted", `{"name":"ana"}`, "", []parts.FieldChange{{Name: "name", Before: "ana"}}},
		{"changed", `{"email":"a@example.com","name":"ana"}`, `{"email":"b@example.com","name":"ana"}`,
			[]parts.FieldChange{{Name: "email", Before: "a@example.com", After: "b@example.com"}}},
		{"nested", `{"jit":{"create":true,"update":true}}`, `{"jit":{"create":false,"update":true}}`,
			[]parts.FieldChange{{Name: "jit.create", Before: "true", After: "false"}}},
		{"large numbers stay exact", `{"skew":180000000000}`, `{"skew":180000000001}`,
			[]parts.FieldChange{{Name: "skew", Before: "180000000000", After: "180000000001"}}},
		{"lists", `{"groups":["a"]}`, `{"groups":["a","b"]}`,
			[]parts.FieldChange{{Name: "groups", Before: `["a"]`, After: `["a","b"]`}}},
		{"no object", `"draft"`, `"live"`, []parts.FieldChange{{Name: "value", Before: "draft", After: "live"}}},
		{"not JSON", `{`, "", []parts.FieldChange{{Name: "value", Before: "{"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := audit.Diff([]byte(tt.before), []byte(tt.after)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestAuditIsFilteredAndExported(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	ctx := t.Context()
	actor := model.Actor{Name: "=cmd|' /C calc'!A0", RemoteAddr: "10.0.0.5"}
	if _, err := s.Store.CreateGroup(ctx, actor, model.Group{Name: "staff"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.CreateUser(ctx, actor, model.User{Username: "ana", Active: true, Source: model.UserManual}, nil); err != nil {
		t.Fatal(err)
	}
	if text := s.Get("/audit?kind=group.").Find("tbody"); !strings.Contains(text, "staff") || strings.Contains(text, "ana") {
		t.Errorf("groups only: %s", text)
	}
	list, err := csv.NewReader(strings.NewReader(s.Get("/audit/export.csv?kind=user.").Body)).ReadAll()
	if err != nil || len(list) != 2 || list[1][5] != "ana" || list[1][2] != "'"+actor.Name {
		t.Errorf("CSV: %q, %v", list, err)
	}
	var entry struct{ Action, Object, Actor string }
	if err := json.Unmarshal([]byte(s.Get("/audit/export.jsonl?kind=group.").Body), &entry); err != nil || entry.Object != "staff" || entry.Actor != actor.Name {
		t.Errorf("JSON lines: %+v, %v", entry, err)
	}
	// A search finds where it came from, and whom it was about, but no names of fields.
	for query, want := range map[string]bool{"q=10.0.0.5": true, "q=MANUAL&kind=user.": true, "q=display_name&kind=user.": false,
		"from=2026-01-01&to=2026-01-02": false, "to=" + s.Now.Format(time.DateOnly): true} {
		if n := s.Get("/audit?"+query).Want(t, http.StatusOK).Doc.Find("tbody tr").Length(); (n > 0) != want {
			t.Errorf("%s finds %d entries", query, n)
		}
	}
	s.Get("/audit?from=2026-01-02&to=2026-01-01").Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "Swap the two dates")
	if empty := s.Get("/audit/export.csv?kind=rule.").Body; empty != strings.Join(audit.AuditColumns, ",")+"\n" {
		t.Errorf("a file without entries is %q", empty)
	}
	exports, _, err := s.Store.Audit(ctx, store.AuditQuery{Action: "audit.export"})
	if err != nil || len(exports) != 3 {
		t.Errorf("%d exports are recorded, %v", len(exports), err)
	}
}

// An import of many is one line that unfolds; a search finds each entry, and a
// file has them all.
func TestAnActIsOneLine(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	var rows []store.ImportRow
	for _, name := range []string{"ana", "bo", "cyd"} {
		rows = append(rows, store.ImportRow{User: model.User{Username: name, Active: true, Source: model.UserManual}})
	}
	if _, err := s.Store.ImportUsers(t.Context(), model.Actor{Name: "owner@example.com"}, rows); err != nil {
		t.Fatal(err)
	}
	list := s.Get("/audit?actor=owner@example.com")
	if n := list.Doc.Find("tbody tr").Length(); n != 1 {
		t.Errorf("the import has %d lines", n)
	}
	list.Has(t, "tbody details", "2 more changes by the same act")
	list.Has(t, "tbody details", "User created: cyd")
	whole, _ := list.Doc.Find("tbody details a").Attr("href")
	if n := s.Get(whole).Want(t, http.StatusOK).Doc.Find("tbody tr").Length(); n != 3 {
		t.Errorf("%s shows %d entries, want 3", whole, n)
	}
	s.Get("/audit?kind=user.&q=cyd").Has(t, "tbody", "show the whole")
	if n := strings.Count(s.Get("/audit/export.csv?actor=owner@example.com").Body, "user.create"); n != 3 {
		t.Errorf("the file has %d entries, want 3", n)
	}
}

// A search that no index answers is not made, and stays in its field.
func TestTooShortSearchSaysSo(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	s.SignInAs(model.RoleOwner)
	if err := s.Store.RecordAudit(t.Context(), webtest.Tester, "user.create", "qz", ""); err != nil {
		t.Fatal(err)
	}
	page := s.Get("/audit?q=qz").Body
	for _, want := range []string{"Write at least three letters or digits", `value="qz"`, "/audit/export.csv?q=qz"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "No recorded change fits") {
		t.Error("it says that nothing fits, and nothing was looked for")
	}
	if csv := s.Get("/audit/export.csv?q=qz").Body; !strings.Contains(csv, ",qz,") {
		t.Errorf("the download does not find it: %s", csv)
	}
}
