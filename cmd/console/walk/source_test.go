package walk

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
)

// The directory of the simulated AWS becomes a source in one click: a dry run, approved,
// makes those who may use the application, and who is disabled there is deactivated here.
func TestTheSimulatedAWSAsASource(t *testing.T) {
	t.Parallel()
	d := startDemo(t, browsertest.Mouse)
	d.claim()
	application := d.begin("jit")
	d.mapAttributes(application, "${user:subject}", standardRows)

	d.Goto(d.publicURL + "/sources/new")
	d.WaitText("This is a demo")
	d.Look("sources-new-demo")
	d.Goto(d.publicURL + "/sources")
	d.Look("sources-empty-demo")
	d.Press("Connect the simulated AWS")
	d.WaitText("It is a draft")
	d.Look("source-simulated-draft")
	d.Press("Dry run")
	d.WaitText("It would do this: 2 new.")
	d.Look("source-simulated-dry-run")
	d.Press("Approve it")
	d.Goto(d.publicURL + "/sources/simulated-aws")
	d.WaitText("home of 2 active users")
	d.Look("source-simulated-live")

	aws := d.Tab()
	aws.Goto(d.awsURL + "/people/bob")
	aws.ClickSelector("[name=enabled]")
	aws.Press("Save")
	d.Press("Run now")
	d.WaitText("1 deactivated")
	d.Look("source-simulated-deactivated")
	d.Goto(d.publicURL + "/users/bob")
	if text := d.Text("main"); !strings.Contains(text, "Simulated AWS") {
		t.Errorf("bob's page does not name the source:\n%s", text)
	}
	d.Look("user-deactivated-by-source")
}
