package walk

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
)

// live sets up a connection that creates people, with nothing particular, and
// takes it live. It returns the application's address in AWS.
func (d *demo) live() string {
	d.t.Helper()
	application := d.begin("jit")
	d.save("users")
	d.mapAttributes(application, "${user:subject}", standardRows)
	d.save("groups")
	d.Choose("reviewed", "on")
	d.save("assign")
	d.Choose("assigned", "on")
	d.save("test")
	d.test("alice", "/saml/aws/tested")
	d.WaitText("AWS and Postern understand each other")
	d.goLive()
	return application
}

// The address that AWS posts to is wrong. A login that begins here ends at AWS,
// which compares the address with the one in the request; one that begins at a tile
// of AWS's portal is posted to the wrong place. The person gets a page with a
// reference, by which the administrator finds the field of AWS, what it holds, and what
// belongs there. Mended by that, people get in.
func TestAnswerThatGoesAstrayIsFoundByItsReference(t *testing.T) {
	t.Parallel()
	d := startDemo(t, browsertest.Mouse)
	d.claim()
	application := d.live()
	acs, audience := d.publicURL+"/saml/aws/acs", d.publicURL+"/saml/aws/metadata"

	d.configure(application, acs+"/", audience)
	d.astray("/saml/aws/acs/", "a slash at its end", acs)
	d.configure(application, audience, acs)
	d.astray("/saml/aws/metadata", "two fields are exchanged", acs, audience)
	d.configure(application, acs, audience)
	d.signIn(d.publicURL+"/saml/aws/login", "alice", "/me").WaitText("alice")
}

// configure types the application's two addresses into AWS.
func (d *demo) configure(application, acs, audience string) {
	d.t.Helper()
	aws := d.Tab()
	aws.Goto(application + "/configuration")
	aws.Fill("acs", acs)
	aws.Fill("audience", audience)
	aws.Press("Submit")
	aws.WaitText(acs)
}

// astray clicks the tile, ends at a place that takes no answers, and reads why.
func (d *demo) astray(ends string, words ...string) {
	d.t.Helper()
	person := d.Tab()
	person.Goto(d.awsURL + "/start") // where alice is signed in since the test
	person.ClickSelector("a.tile")
	person.WaitURL(d.publicURL + ends)
	person.WaitText("You could not be signed in")
	person.Messages() // Chromium notes the status 403 there, as it should
	person.Look("refused-astray")
	reference := person.Text("code.copybox-value")

	d.Goto(d.publicURL + "/logins?outcome=refused")
	d.Goto(d.publicURL + d.Attribute(`tbody a[href="/logins/`+reference+`"]`, "href"))
	text := d.Text("main")
	for _, want := range append(words, "Application ACS URL", d.publicURL+ends) {
		if !strings.Contains(text, want) {
			d.t.Errorf("the trace of %s does not say %q:\n%s", ends, want, text)
		}
	}
	d.Look("trace-astray")
}
