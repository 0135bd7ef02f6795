package walk

import "strings"

// walkConsole does what administrators do between two setups, in whichever way
// the browser is used.
func (d *demo) walkConsole() {
	d.t.Helper()
	d.addPeople()
	d.changeMany()
	d.makeRule()
	d.findLogin()
	d.changeSettings()
}

func (d *demo) addPeople() {
	d.t.Helper()
	d.Goto(d.publicURL + "/users/new")
	d.Fill("username", "bob")
	d.Fill("email", "bob@example.com")
	d.Press("Add this user")
	d.WaitText("bob@example.com")
	d.Goto(d.publicURL + "/groups/new")
	d.Fill("name", "night-shift")
	d.Press("Add this group")
	d.Fill("username", "alice")
	d.Press("Add")
	d.WaitText("alice is in night-shift now")
}

// changeMany adds two people at once, one of whom is there already, and takes
// it back.
func (d *demo) changeMany() {
	d.t.Helper()
	d.Press("Add or remove many")
	d.Choose("do", "add")
	d.Fill("people", "alice\nbob\nnobody")
	d.Press("Show what would change")
	d.WaitText("1 user of 3 would change")
	d.Look("bulk-preview")
	d.Press("Change 1 user")
	d.WaitText("1 user added to night-shift")
	d.Look("bulk-done")
	d.Press("Undo")
	d.WaitText("Undone for 1 user")
	d.Goto(d.publicURL + "/groups/night-shift?q=bob")
	d.WaitText("No member matches")
}

func (d *demo) makeRule() {
	d.t.Helper()
	d.Goto(d.publicURL + "/rules/new")
	d.Fill("name", "staff")
	d.Choose("kind", "email_domain")
	d.Fill("domain", "example.com")
	d.Choose("groups", "night-shift")
	d.Press("Try it on everybody")
	d.WaitText("Of 2 people known")
	d.Look("rule-tried")
	d.Press("Add this rule")
	d.WaitText("Rule staff added")
}

// findLogin narrows the list down, reads a trace and looks at its XML.
func (d *demo) findLogin() {
	d.t.Helper()
	d.Goto(d.publicURL + "/logins")
	d.Fill("q", "alice")
	d.Press("Search")
	d.Goto(d.publicURL + d.Attribute(`tbody a[href^="/logins/"]`, "href"))
	d.Press("Show the XML")
	d.WaitText("saml2p:Response")
	d.Look("trace-xml")
	d.Goto(d.publicURL + "/audit?q=night-shift")
	if text := d.Text("main"); !strings.Contains(text, "night-shift") {
		d.t.Errorf("the audit does not find the group:\n%s", text)
	}
}

func (d *demo) changeSettings() {
	d.t.Helper()
	d.Goto(d.publicURL + "/settings")
	d.Fill("help_contact", "help@example.com")
	d.ClickSelector(`form[action="/settings"] button[type=submit]`)
	d.WaitText("Saved")
	d.Goto(d.publicURL + "/connections/aws")
	d.Press("Edit")
	d.WaitURL("/setup/aws/")
	d.Goto(d.publicURL + "/connections/aws")
	d.Look("connection-edited")
	d.Press("Replay the last 500 logins against this draft")
	if !d.Scripts() {
		d.Press("Replay them now")
	}
	d.WaitText("would have ended as it does with the live revision")
	d.Look("replay")
}
