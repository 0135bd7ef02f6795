package walk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
)

// TestACSVWithThreeBadRows: of forty rows three are bad. They are named, the other
// 37 are imported, the three come back as a file to mend, and the import is undone.
func TestACSVWithThreeBadRows(t *testing.T) {
	t.Parallel()
	d := startDemo(t, browsertest.Mouse)
	d.claim()
	rows := []string{"User name,E-Mail Address"}
	for i := range 40 {
		email := fmt.Sprintf("person%d@example.com", i)
		if i%15 == 7 {
			email = "nowhere"
		}
		rows = append(rows, fmt.Sprintf("person%d,%s", i, email))
	}
	d.Goto(d.publicURL + "/users/import")
	d.Fill("csv", strings.Join(rows, "\n")+"\n")
	d.Press("Preview the import")
	d.WaitText("Import the 37 good rows")
	d.Messages() // Chromium notes the status 422, as it should
	for _, line := range []int{9, 24, 39} {
		if said := fmt.Sprintf("Line %d: The email “nowhere” is not an email address.", line); !strings.Contains(d.Text(".problems"), said) {
			t.Errorf("the preview does not say %q:\n%s", said, d.Text(".problems"))
		}
	}
	d.Look("import-bad-rows")
	d.Press("Import the 37 good rows")
	d.WaitText("37 added, 0 changed")
	d.WaitText("3 rows were not done")
	d.Look("import-done")
	if users := d.ask("select count(*) from users"); users != 37 {
		t.Errorf("%d users after the import", users)
	}
	const file = `(() => { const r = new XMLHttpRequest(); r.open("GET", document.querySelector("#not-done").closest("section").querySelector("a.btn").href, false)
		r.send(); return [r.status, r.getResponseHeader("Content-Type"), r.responseText].join("\n") })()`
	want := "200\ntext/csv; charset=utf-8\nUser name,E-Mail Address,problem\n"
	for _, name := range []string{"person7", "person22", "person37"} {
		want += name + ",nowhere,The email “nowhere” is not an email address.\n"
	}
	if got := browsertest.Eval[string](d.Browser, file); got != want {
		t.Errorf("the file to mend answers\n%s", got)
	}
	d.Press("Undo this import")
	d.WaitText("37 removed, 0 as before")
	if users := d.ask("select count(*) from users"); users != 0 {
		t.Errorf("%d users after the undo", users)
	}
}
