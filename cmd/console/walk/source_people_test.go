package walk

import "github.com/postern-sso/postern/internal/peertest"

// pinAndMeetConflicts pins somebody who then leaves the directory, and has names used again
// there by somebody else.
func (d *demo) pinAndMeetConflicts(slapd *peertest.Slapd) {
	d.t.Helper()
	d.Goto(d.publicURL + "/users/person07")
	d.ClickSelector("section[aria-labelledby=home] summary")
	d.Choose("pin", "active")
	d.Fill("reason", "Leaves the company in spring, and works until then")
	d.Press("Pin it")
	d.WaitText("is pinned: Leaves the company in spring")
	leave(d.t, slapd, "person07")
	join(d.t, slapd, "person00", "person01", "person02")
	d.Goto(d.publicURL + "/sources/corp")
	d.Press("Run now")
	d.WaitText("3 people to decide about")
	d.Look("source-conflicts-number")
	d.Goto(d.publicURL + "/users/person07")
	d.Look("user-pinned")
	d.Goto(d.publicURL + "/leavers")
	d.WaitText("person07")
	d.Look("leavers")
	d.Goto(d.publicURL + "/sources/corp/conflicts")
	d.Look("conflicts")
}
