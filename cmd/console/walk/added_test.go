package walk

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
)

// Somebody whom an administrator adds by hand signs in for the first time: the
// user's page says before that they will be linked, and afterwards to whom.
func TestAddedByHandThenFirstLogin(t *testing.T) {
	t.Parallel()
	d := startDemo(t, browsertest.Mouse)
	d.claim()
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

	d.Goto(d.publicURL + "/users/new")
	d.WaitText("the first person whom AWS calls by this username becomes this user")
	d.Look("user-new-linked")
	d.Fill("username", "bob")
	d.Fill("email", "bob@example.com")
	d.Press("Add this user")
	d.WaitText("Will be linked at the next sign-in with Example Limited")
	d.WaitText("olga@example.com allowed it")
	d.WaitText("Not linked to anybody in AWS.")
	d.Look("user-will-be-linked")

	aws := d.Tab()
	aws.Goto(d.awsURL + "/start")
	aws.Press("Sign out")
	bob := d.signIn(d.publicURL+"/saml/aws/login", "bob", "/me")
	if got := bob.Text("[data-me=username]"); got != "bob" {
		t.Errorf("/me shows the username %q", got)
	}

	d.Goto(d.publicURL + "/users/bob")
	text := d.Text("main")
	for _, gone := range []string{"Will be linked", "Not linked"} {
		if strings.Contains(text, gone) {
			t.Errorf("after the first sign-in the page still says %q:\n%s", gone, text)
		}
	}
	if linked := d.Text("[aria-labelledby=identities]"); !strings.Contains(linked, "bob on Example Limited") || !strings.Contains(linked, "AWS user id") {
		t.Errorf("the link that was made:\n%s", linked)
	}
	d.Look("user-linked")
	if users := d.count("/users"); users != 1 {
		t.Errorf("there are %d users, want only the one who was added", users)
	}
}
