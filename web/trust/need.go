package trust

import (
	"fmt"

	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/paths"
)

// failuresWorthSaying is how often in a row AWS's metadata may not be fetched
// before somebody should look.
const failuresWorthSaying = 3

// MetadataNeed is what somebody should do about AWS's metadata; false where there is
// nothing.
func MetadataNeed(c overview.OverviewConnection) (overview.Need, bool) {
	n := overview.Need{Link: "See the certificates", Href: paths.Certificates(c.Connection.Slug)}
	switch {
	case c.Check.Offered != "":
		n.Text = "AWS's metadata for " + c.Connection.Name() + " has other certificates than are trusted here. Look at them before AWS begins " +
			"to sign with the new one."
	case c.Check.Failures >= failuresWorthSaying:
		n.Text = fmt.Sprintf("AWS's metadata for %s could not be fetched %d times in a row. %s", c.Connection.Name(), c.Check.Failures, c.Check.Problem)
	default:
		return n, false
	}
	return n, true
}
