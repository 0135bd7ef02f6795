package walk

import (
	"strings"

	"github.com/postern-sso/postern/internal/browsertest"
)

// connectJira does what the wizard's step about the apps leads to.
func (d *demo) connectJira() {
	d.t.Helper()
	d.Goto(d.publicURL + "/apps/new?product=jira")
	d.Look("app-new")
	d.Fill("base_url", "https://jira.example.com")
	d.Press("Make the values to type")
	d.WaitText("The secrets are shown only now")
	d.Look("app-secrets")
}

// firstSignInToApp is somebody whom neither the app nor Postern nor AWS knows in
// this browser: from the app through Postern to AWS, and back.
func (d *demo) firstSignInToApp() *browsertest.Browser {
	d.t.Helper()
	person := d.Tab()
	person.Goto(d.awsURL + "/start")
	person.Press("Sign out")
	person.Goto(d.appURL)
	person.Press("Sign in with Postern")
	person.WaitURL("/signin?continue=")
	d.throughAWS(person, "alice", d.appURL)
	person.WaitText("You are alice")
	if got := person.Text("[data-sample=groups]"); got != "jira-software-users" {
		d.t.Errorf("the app shows the groups %q", got)
	}
	person.WaitText("Read a moment ago")
	person.Look("sample-app")
	return person
}

// lookAtApps reads the console's pages about the apps, and tests one.
func (d *demo) lookAtApps(person *browsertest.Browser) {
	d.t.Helper()
	logins := d.count("/logins")
	d.againInApp(person)
	person.WaitText("You are alice")
	if again := d.count("/logins"); again != logins {
		d.t.Errorf("the second sign-in to the app made %d logins through AWS, want none", again-logins)
	}
	d.Goto(d.publicURL + "/apps")
	d.Look("apps")
	d.Goto(d.publicURL + "/apps/sample")
	d.WaitText("Last sign-in that worked")
	d.Look("app")
	d.Goto(d.publicURL + "/apps/sample-directory")
	d.WaitText("The last requests")
	d.Look("app-directory")
	d.Goto(d.publicURL + "/apps/jira/test")
	d.WaitText("The sign-in works")
	if person := d.Text("[aria-labelledby=person]"); !strings.Contains(person, "Groups that this app may see groups") ||
		!strings.Contains(person, "jira-software-users") {
		d.t.Errorf("the claims about the person:\n%s", person)
	}
	d.Look("app-tested")
}

// againInApp signs out of the app and in again, which asks nothing: Postern
// knows the person still.
func (d *demo) againInApp(person *browsertest.Browser) {
	d.t.Helper()
	person.Goto(d.appURL)
	person.Press("Sign out of this app")
	person.WaitText("Nobody is signed in")
	person.Press("Sign in with Postern")
}

// appAfterGroupChange: the console has put alice into night-shift meanwhile. The
// directory says so at once, the sign-in at the next one.
func (d *demo) appAfterGroupChange(person *browsertest.Browser) {
	d.t.Helper()
	person.Goto(d.appURL)
	if directory := person.Text("[aria-labelledby=directory]"); !strings.Contains(directory, "alice was added to night-shift") {
		d.t.Errorf("the directory was not told of the new group:\n%s", directory)
	}
	if got := person.Text("[data-sample=groups]"); got != "jira-software-users" {
		d.t.Errorf("before the next sign-in the app shows the groups %q", got)
	}
	d.againInApp(person)
	person.WaitText("You are alice")
	if got := person.Text("[data-sample=groups]"); got != "jira-software-users, night-shift" {
		d.t.Errorf("after the next sign-in the app shows the groups %q", got)
	}
}

// appAfterDeactivation: the directory says it at once, and nobody gets in.
func (d *demo) appAfterDeactivation(person *browsertest.Browser) {
	d.t.Helper()
	d.Goto(d.publicURL + "/users/alice")
	d.Press("Deactivate…")
	d.Press("Deactivate alice")
	d.WaitText("Every session in Postern has ended")
	person.Goto(d.appURL)
	person.WaitText("Read a moment ago")
	if row := person.Text("[aria-labelledby=directory] tbody tr"); !strings.Contains(row, "alice") || !strings.Contains(row, "no") {
		d.t.Errorf("the directory says of her: %q", row)
	}
	d.againInApp(person)
	if !person.Scripts() { // AWS's page sends the answer by a script
		person.WaitText("Continue to Postern")
		person.Press("Continue to Postern")
	}
	person.WaitURL(d.publicURL + "/saml/aws/acs")
	person.WaitText("You could not be signed in")
	person.Messages() // Chromium notes the status 403 there, as it should
}
