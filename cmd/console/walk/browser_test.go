package walk

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
)

// claim makes the first owner, who is signed in then.
func (d *demo) claim() {
	d.t.Helper()
	d.Goto(d.claimLink)
	d.Look("claim")
	d.Fill("email", "olga@example.com")
	d.Fill("password", "nine lives of a grey cat")
	d.Fill("repeat", "nine lives of a grey cat")
	d.Press("Become the owner")
	d.WaitText("This Postern is yours")
	d.Look("overview-empty")
}

// save ends a step of the wizard and waits for the next one.
func (d *demo) save(next string) {
	d.t.Helper()
	d.Press("Save and continue")
	d.WaitURL("/setup/aws/" + next)
}

// begin walks the wizard up to and with the metadata, and makes the application
// in the simulated AWS on the way. It returns the application's address there.
func (d *demo) begin(model string) string {
	d.t.Helper()
	d.Goto(d.publicURL + "/setup")
	d.Look("setup-new")
	d.Fill("name", "Example Ltd.")
	d.Fill("slug", "aws")
	d.Press("Start the setup")
	d.WaitURL("/setup/aws/welcome")
	d.leaveUnsaved()
	d.Choose("apps", "jira")
	d.Look("setup-welcome")
	d.save("provisioning")
	d.Choose("provisioning", model)
	d.Look("setup-provisioning")
	d.save("aws-application")
	d.Look("setup-aws-application")
	if d.handOver {
		return d.throughSetupLink()
	}
	application := d.createInAWS(d.publicURL+"/saml/aws/acs", d.publicURL+"/saml/aws/metadata")
	d.Choose("created", "on")
	d.save("metadata")
	d.Look("setup-metadata")
	d.Fill("metadata_url", application.metadataURL)
	d.Press("Save and continue")
	d.WaitText("This is AWS IAM Identity Center")
	d.Look("setup-metadata-read")
	d.Press("Continue")
	d.WaitURL("/setup/aws/attributes")
	return application.address
}

// leaveUnsaved types a name, goes away without saving, and finds it again.
func (d *demo) leaveUnsaved() {
	d.t.Helper()
	if !d.Scripts() {
		return // then nothing is kept but at “Back”
	}
	d.Fill("name", "Example Limited")
	d.WaitText("What you type is kept")
	d.Goto(d.publicURL + "/connections")
	d.Goto(d.publicURL + "/setup/aws/welcome")
	d.WaitText("have not saved it yet")
	if got := d.Attribute("[name=name]", "value"); got != "Example Limited" {
		d.t.Errorf("what was typed came back as %q", got)
	}
	d.Look("setup-autosaved")
}

// throughSetupLink has another person, in a browser of their own, do AWS's side.
func (d *demo) throughSetupLink() string {
	d.t.Helper()
	d.ClickSelector("#links > summary")
	d.Press("Make a setup link")
	d.Look("setup-link-made")
	link := d.Text("main code.copybox-value")
	other := browsertest.Open(d.t)
	other.Goto(link)
	other.Look("setup-link-open")
	other.Press("Open the steps")
	other.Look("setup-link")
	mine := *d
	mine.Browser = other
	application := mine.createInAWS(d.publicURL+"/saml/aws/acs", d.publicURL+"/saml/aws/metadata")
	other.Fill("metadata_url", "https://d-1234567890.awsapps.com/start")
	other.Press("Hand it over")
	other.WaitText("access portal")
	other.Messages() // Chromium notes the status 422 there, as it should
	other.Look("setup-link-wrong-paste")
	other.Fill("metadata_url", application.metadataURL)
	other.Press("Hand it over")
	other.WaitText("The metadata has arrived")
	other.Look("setup-link-metadata")

	third := browsertest.Open(d.t)
	third.Goto(link)
	third.WaitText("another browser")
	third.Messages()
	third.Look("setup-link-used")

	d.Goto(d.publicURL + "/setup/aws/aws-application")
	d.WaitText("Opened")
	d.Choose("created", "on")
	d.Look("setup-link-followed")
	d.save("metadata")
	d.Press("Continue")
	d.WaitURL("/setup/aws/attributes")
	return application.address
}

// test makes the real login of the wizard's test step.
func (d *demo) test(person, ends string) {
	d.t.Helper()
	d.signIn(d.publicURL+"/setup/aws/test/start", person, ends)
}

// goLive confirms the last step.
func (d *demo) goLive() {
	d.t.Helper()
	d.Goto(d.publicURL + "/setup/aws/go-live")
	d.ClickSelector(`form[action$="/go-live/confirm"] button[type=submit]`)
	d.WaitText("Go to the connection")
}

// The whole main job, in each way that a browser is used.
func TestMainJobJustInTime(t *testing.T) {
	t.Parallel()
	for _, way := range browsertest.Ways() {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			walkJustInTime(t, way)
		})
	}
}

func walkJustInTime(t *testing.T, way browsertest.Way) {
	t.Helper()
	d := startDemo(t, way)
	d.claim()
	application := d.begin("jit")
	d.Look("setup-attributes")
	d.save("users")
	d.mapAttributes(application, "${user:subject}", standardRows)
	d.Look("setup-users-jit")
	d.save("groups")
	d.Choose("suggested", "jira-software-users")
	d.Press("Add these groups")
	d.WaitText("jira-software-users")
	d.Click("Add a rule")
	d.Fill("name", "everyone")
	d.Choose("kind", "always")
	d.Choose("groups", "jira-software-users")
	d.Press("Add this rule")
	d.WaitText("everyone")
	d.Choose("reviewed", "on")
	d.Look("setup-groups")
	d.save("assign")
	d.Choose("assigned", "on")
	d.Look("setup-assign")
	d.save("test")
	d.Look("setup-test")

	d.test("alice", "/saml/aws/tested")
	if !d.Scripts() {
		d.Press("Check again")
	}
	d.WaitText("AWS and Postern understand each other")
	d.Look("setup-test-passed")
	if users := d.count("/users"); users != 0 {
		t.Errorf("the test made %d users", users)
	}
	d.connectJira()
	d.Goto(d.publicURL + "/setup/aws/apps")
	d.WaitText("can be tested when a connection is live")
	d.Choose("connected", "on")
	d.Look("setup-apps")
	d.save("go-live")
	d.Look("setup-go-live")
	d.goLive()
	d.Look("setup-live")

	me := d.firstSignInToApp()
	me.Goto(d.publicURL + "/me")
	for field, want := range map[string]string{
		"username": "alice", "display-name": "Alice Example", "email": "alice@example.com", "groups": "jira-software-users",
	} {
		if got := me.Text("[data-me=" + field + "]"); got != want {
			t.Errorf("/me shows %s %q, want %q", field, got, want)
		}
	}
	me.Look("me")
	d.readTrace()
	d.lookAtApps(me)
	d.walkConsole()
	d.appAfterGroupChange(me)
	d.administratorThroughAWS(way)
	d.appAfterDeactivation(me)
	for _, page := range []string{"/", "/connections", "/connections/aws", "/users", "/users/alice", "/users/new", "/users/import", "/groups",
		"/groups/jira-software-users", "/groups/new", "/rules", "/rules/everyone", "/rules/new", "/logins", "/logins/inspect", "/audit",
		"/administrators", "/settings",
		"/help", "/help/when-somebody-cannot-sign-in", "/help/running-it"} {
		d.Goto(d.publicURL + page)
		d.Look("console" + strings.ReplaceAll(page, "/", "-"))
	}
}

// count is how many rows a list of the console has.
func (d *demo) count(page string) int {
	d.t.Helper()
	d.Goto(d.publicURL + page)
	return browsertest.Eval[int](d.Browser, "document.querySelectorAll('tbody tr').length")
}

// readTrace reads the newest login as an administrator does.
func (d *demo) readTrace() {
	d.t.Helper()
	d.Goto(d.publicURL + "/logins")
	href := d.Attribute(`tbody a[href^="/logins/"]`, "href")
	d.Goto(d.publicURL + href)
	text := d.Text("main")
	for _, want := range []string{"Signed in", "alice", "jira-software-users", "everyone"} {
		if !strings.Contains(text, want) {
			d.t.Errorf("the trace does not say %q:\n%s", want, text)
		}
	}
	d.Look("trace")
}

func TestMainJobManual(t *testing.T) {
	t.Parallel()
	d := startDemo(t, browsertest.Mouse)
	d.handOver = true
	d.claim()
	application := d.begin("manual")
	d.save("users")
	d.mapAttributes(application, "${user:subject}", standardRows)
	d.Look("setup-users-manual")
	d.Fill("username", "bob")
	d.Fill("email", "bob@example.com")
	d.Press("Add this user")
	d.WaitText("bob@example.com")
	if d.Has("input[name=users_there]") {
		d.Choose("users_there", "on")
	}
	d.save("groups")
	d.Choose("reviewed", "on")
	d.save("assign")
	d.Choose("assigned", "on")
	d.save("test")

	d.test("alice", "/saml/aws/acs")
	d.WaitText("The test failed")
	if text := d.Text("main"); !strings.Contains(text, "Nobody here has this username") && !strings.Contains(text, "alice") {
		t.Errorf("the failed test does not say why:\n%s", text)
	}
	d.Look("setup-test-failed")
	aws := d.Tab()
	aws.Goto(d.awsURL + "/start")
	aws.Press("Sign out")
	d.test("bob", "/saml/aws/tested")
	d.WaitText("The test passed")
	d.goLive()

	aws.Goto(d.awsURL + "/start")
	aws.Press("Sign out")
	refused := d.signIn(d.publicURL+"/saml/aws/login", "alice", "/saml/aws/acs")
	refused.WaitText("You could not be signed in")
	refused.Messages() // Chromium notes the status 403 there, as it should
	refused.Look("refused")
	d.Goto(d.publicURL + "/logins?outcome=refused")
	d.Goto(d.publicURL + d.Attribute(`tbody a[href^="/logins/"]`, "href"))
	if text := d.Text("main"); !strings.Contains(text, "Add the person as a user") {
		t.Errorf("the trace does not say what to do:\n%s", text)
	}
	d.Look("trace-refused")
	d.letIn("alice")
}

// letIn lets a refused person in by the button of the trace that is shown.
func (d *demo) letIn(person string) {
	d.t.Helper()
	d.Press("Add this person…")
	d.WaitText("Add this user")
	d.Press("Add this user")
	d.WaitText("User " + person + " added")
	d.signIn(d.publicURL+"/saml/aws/login", person, "/me").WaitText(person)
}
