package walk

import "github.com/postern-sso/postern/internal/browsertest"

// administratorThroughAWS: the owner opens the console to the members of a
// group, one of them comes in through AWS in a browser of her own, and is out as
// soon as the group is not chosen any more.
func (d *demo) administratorThroughAWS(way browsertest.Way) {
	d.t.Helper()
	d.Goto(d.publicURL + "/administrators")
	d.Fill("console_group", "night-shift")
	d.Fill("console_role", "viewer")
	d.Press("Save how they sign in")
	d.WaitText("It holds from now on")
	own := browsertest.Open(d.t)
	own.Use(way)
	own.Goto(d.publicURL + "/signin")
	own.Look("signin-aws-offered")
	her := *d
	her.Browser = own
	alice := her.signIn(d.publicURL+"/signin/aws?next=/users", "alice", "/users")
	alice.WaitText("bob@example.com")
	alice.Goto(d.publicURL + "/account")
	alice.Look("account-through-aws")
	alice.Goto(d.publicURL + "/administrators")
	alice.Look("administrators-as-viewer")
	d.Goto(d.publicURL + "/administrators")
	d.Look("administrators-with-aws")
	d.Fill("console_group", "")
	d.Press("Save how they sign in")
	d.WaitText("It holds from now on")
	alice.Goto(d.publicURL + "/users")
	alice.WaitURL("/signin")
}
