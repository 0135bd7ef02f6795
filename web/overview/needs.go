package overview

import (
	"fmt"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/trust"
)

// needs lists what waits for somebody, the urgent first.
func needs(v overview.OverviewPage) []overview.Need {
	var urgent, later []overview.Need
	add := func(isUrgent bool, n overview.Need) {
		if isUrgent {
			n.Urgent = true
			urgent = append(urgent, n)
		} else {
			later = append(later, n)
		}
	}
	for _, c := range v.Connections {
		if n, found := connectionNeed(c.Connection); found {
			add(c.Connection.Status == model.StatusSuspended, n)
		}
		if n, found := trust.CertificateNeed(c.Connection.Name(), c.Connection.Slug, c.Change, v.Now); found {
			add(n.Urgent, n)
		}
		if n, found := trust.MetadataNeed(c); found {
			add(true, n)
		}
		if c.Clock.Wrong() {
			add(c.Clock.Ahead > c.Clock.Limit/2, overview.Need{
				Text: c.Clock.Sentence(), Link: "See the measurements", Href: paths.Connection(c.Connection.Slug) + "#clock",
			})
		}
	}
	if n := len(v.People); n > 0 {
		text := ui.Count(n, "person", "people") + " came through AWS and could not sign in, because no user here fits."
		if n == peopleOnOverview {
			text = fmt.Sprintf("%d or more people came through AWS and could not sign in, because no user here fits.", n)
		}
		add(false, overview.Need{Text: text, Link: "Add them", Href: "#tried"})
	}
	return append(urgent, later...)
}

func connectionNeed(c model.Connection) (overview.Need, bool) {
	n := overview.Need{Link: "Go on", Href: paths.Setup(c.Slug), Change: true}
	switch {
	case c.Status == model.StatusSuspended:
		n.Text, n.Link, n.Href, n.Change = c.Name()+" is suspended: nobody can sign in through it.", "Resume it", paths.Connection(c.Slug), false
	case c.Status == model.StatusReady && c.Live == nil:
		n.Text, n.Link = c.Name()+" is ready to go live.", "Go live"
	case c.Live == nil:
		n.Text = "The setup of " + c.Name() + " is not finished."
	case c.Draft != nil:
		n.Text = c.Name() + " has a draft that is not live."
	default:
		return n, false
	}
	return n, true
}
