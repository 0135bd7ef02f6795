package web

import (
	"reflect"
	"testing"

	"github.com/postern-sso/postern/templates/console"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, before, after string
		want                []console.FieldChange
	}{
		{"nothing", "", "", nil},
		{"the same", `{"a":"x"}`, `{"a":"x"}`, nil},
		{"created", "", `{"name":"ana","email":"","active":true,"groups":[]}`,
			[]console.FieldChange{{Name: "active", After: "true"}, {Name: "name", After: "ana"}}},
		{"deleted", `{"name":"ana"}`, "", []console.FieldChange{{Name: "name", Before: "ana"}}},
		{"changed", `{"email":"a@example.com","name":"ana"}`, `{"email":"b@example.com","name":"ana"}`,
			[]console.FieldChange{{Name: "email", Before: "a@example.com", After: "b@example.com"}}},
		{"nested", `{"jit":{"create":true,"update":true}}`, `{"jit":{"create":false,"update":true}}`,
			[]console.FieldChange{{Name: "jit.create", Before: "true", After: "false"}}},
		{"large numbers stay exact", `{"skew":180000000000}`, `{"skew":180000000001}`,
			[]console.FieldChange{{Name: "skew", Before: "180000000000", After: "180000000001"}}},
		{"lists", `{"groups":["a"]}`, `{"groups":["a","b"]}`,
			[]console.FieldChange{{Name: "groups", Before: `["a"]`, After: `["a","b"]`}}},
		{"no object", `"draft"`, `"live"`, []console.FieldChange{{Name: "value", Before: "draft", After: "live"}}},
		{"not JSON", `{`, "", []console.FieldChange{{Name: "value", Before: "{"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := diff([]byte(tt.before), []byte(tt.after)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}
