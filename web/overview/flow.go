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

// nodesShown is how many connections and apps the flow has room for; of more,
// those that do worst, and where the others are.
const nodesShown = 5

// appIcons are the signs of products.
var appIcons = map[string]string{"jira": "ticket", "confluence": "book-2", "bitbucket": "git-branch"}

// flow is where people come from and where they go, by what happened.
func flow(v overview.OverviewPage) overview.Flow {
	f := overview.Flow{Hub: ui.Node{Icon: "building-arch", Title: "Postern", Hub: true}}
	connections := slices.Clone(v.Connections)
	slices.SortStableFunc(connections, func(a, b overview.OverviewConnection) int { return worseFirst(a.Health.State, b.Health.State) })
	for i, c := range connections {
		if i == nodesShown-1 && len(connections) > nodesShown {
			f.From, f.In = append(f.From, further("connections", len(connections)-i, paths.Connections)), append(f.In, ui.Wire{Tone: ui.None})
			break
		}
		f.From = append(f.From, ui.Node{Icon: "cloud", Title: c.Connection.Name(), Href: paths.Connection(c.Connection.Slug), Tone: ui.Tone(c.Health.State),
			Words: words(c.Health, v.Now)})
		f.In = append(f.In, signInWire(c))
	}
	sourceNodes(&f, v)
	apps := slices.Clone(v.Apps)
	slices.SortStableFunc(apps, func(a, b overview.OverviewApp) int { return worseFirst(a.Health.State, b.Health.State) })
	for i, a := range apps {
		if i == nodesShown-1 && len(apps) > nodesShown {
			f.To, f.Out = append(f.To, further("apps", len(apps)-i, paths.Apps)), append(f.Out, ui.Wire{Tone: ui.None})
			break
		}
		f.To = append(f.To, appNode(a, v.Now))
		f.Out = append(f.Out, appWire(a))
	}
	return f
}

func worseFirst(a, b health.State) int {
	return slices.Index(health.States, b) - slices.Index(health.States, a)
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
