package overview

import (
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
)

// nodesShown is how many connections, sources and apps the flow has room for each; of more,
// those that do worst, and where the others are.
const nodesShown = 5

// appIcons are the signs of products.
var appIcons = map[string]string{"jira": "ticket", "confluence": "book-2", "bitbucket": "git-branch"}

// flow is where people come from and where they go, by what happened.
func flow(v overview.OverviewPage) overview.Flow {
	f := overview.Flow{Hub: ui.Node{Icon: "building-arch", Title: "Postern", Hub: true}}
	f.From, f.In = side(v.Connections, "connections", paths.Connections, func(c overview.OverviewConnection) (ui.Node, ui.Wire) {
		return connectionNode(c, v.Now), signInWire(c)
	})
	sources, read := side(v.Sources, "sources", paths.Sources, func(s overview.OverviewSource) (ui.Node, ui.Wire) {
		return sourceNode(s, v.Now), sourceWire(s, v.Now)
	})
	f.From, f.In = append(f.From, sources...), append(f.In, read...)
	f.To, f.Out = side(v.Apps, "apps", paths.Apps, func(a overview.OverviewApp) (ui.Node, ui.Wire) { return appNode(a, v.Now), appWire(a) })
	return f
}

// side are the nodes and wires of all that the flow shows of one kind, what does worst
// first. Of more than there is room for, the last node says where the others are.
func side[T any](all []T, what, href string, draw func(T) (ui.Node, ui.Wire)) ([]ui.Node, []ui.Wire) {
	type end struct {
		node ui.Node
		wire ui.Wire
	}
	var ends []end
	for _, t := range all {
		node, wire := draw(t)
		ends = append(ends, end{node, wire})
	}
	bad := func(e end) int { return slices.Index(health.States, health.State(e.node.Tone)) }
	slices.SortStableFunc(ends, func(a, b end) int { return bad(b) - bad(a) })
	if more := len(ends) - nodesShown + 1; more > 1 {
		ends = append(ends[:nodesShown-1], end{further(what, more, href), ui.Wire{Tone: ui.None}})
	}
	var nodes []ui.Node
	var wires []ui.Wire
	for _, e := range ends {
		nodes, wires = append(nodes, e.node), append(wires, e.wire)
	}
	return nodes, wires
}

func further(what string, n int, href string) ui.Node {
	return ui.Node{Icon: "list-details", Title: ui.Number(n) + " more " + what, Href: href}
}

// words are a state, and when.
func words(h health.Health, now time.Time) string {
	if h.At.IsZero() {
		return h.Word
	}
	return h.Word + " " + parts.Ago(now, h.At)
}

// signInWire is what passed through a connection in a day, or what does not pass
// any more.
func signInWire(c overview.OverviewConnection) ui.Wire {
	w := ui.Wire{Tone: ui.Tone(c.Health.State), Number: ui.Number(c.Evidence.Day), Words: noun(c.Evidence.Day, "sign-in", "sign-ins") + " in 24 hours"}
	if r := c.Health.Stopped(); r != nil && c.Connection.Status == model.StatusLive {
		refused := 0
		for _, e := range c.Evidence.Refusals {
			if !e.Code.Wanted() {
				refused += e.Since
			}
		}
		w.Number, w.Words = "0 of "+ui.Number(refused), "let in since the last success"
	}
	return w
}

func connectionNode(c overview.OverviewConnection, now time.Time) ui.Node {
	return ui.Node{Icon: "cloud", Title: c.Connection.Name(), Href: paths.Connection(c.Connection.Slug),
		Tone: ui.Tone(c.Health.State), Words: words(c.Health, now)}
}

func appNode(a overview.OverviewApp, now time.Time) ui.Node {
	icon := appIcons[a.App.Product]
	if icon == "" {
		icon = "apps"
	}
	return ui.Node{Icon: icon, Title: a.App.Name, Href: paths.App(a.App.Slug), Tone: ui.Tone(a.Health.State), Words: words(a.Health, now)}
}

// appWire is what an app gets. How many sign in to it is not counted.
func appWire(a overview.OverviewApp) ui.Wire {
	w := ui.Wire{Tone: ui.Tone(a.Health.State), Words: "sign-in"}
	if a.App.Kind == model.AppCrowd {
		w.Words = "people and groups"
		if d := a.Evidence.Directory; !d.FullEndedAt.IsZero() {
			w.Number, w.Words = ui.Number(int(d.FullUsers)), noun(int(d.FullUsers), "user", "users")+" in the last full read"
		}
	}
	return w
}

// noun agrees with a number that stands elsewhere.
func noun(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
