package webtest

import (
	"testing"
)

// WantNoLongRows looks through every table but for the sealed message.
func (x *Target) WantNoLongRows(t *testing.T, most int) {
	t.Helper()
	for name := range x.State() {
		var n int
		if err := x.Store.Pool().QueryRow(t.Context(), "select coalesce(max(length(t::text)), 0) from "+name+" t").Scan(&n); err != nil || n > most {
			t.Errorf("the table %s has a row of %d characters, %v", name, n, err)
		}
	}
	var n int
	err := x.Store.Pool().QueryRow(t.Context(), "select max(length((to_jsonb(l) - 'xml_sealed')::text)) from logins l").Scan(&n)
	if err != nil || n > most {
		t.Errorf("a trace has %d characters, %v", n, err)
	}
}
