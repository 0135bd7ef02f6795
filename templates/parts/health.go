package parts

import (
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
)

// Action is a button beside a reason: where its cure is.
type Action struct {
	Label  string
	Href   string
	Change bool // only for those who may change things
}

// ActionOf is where the cure of a reason is: of a connection's, or of an app's.
func ActionOf(r health.Reason, connection, app string) Action {
	switch r.Place {
	case health.AtSetup:
		return Action{Label: "Go on", Href: paths.Setup(connection), Change: true}
	case health.AtCertificates:
		return Action{Label: "See the certificates", Href: paths.Certificates(connection)}
	case health.AtLogin:
		return Action{Label: "See one refused sign-in", Href: paths.Login(r.Login)}
	case health.AtSignIn:
		return Action{Label: "See the sign-in", Href: paths.Login(r.Login)}
	case health.AtLogins:
		return Action{Label: "See the newest", Href: paths.Login(r.Login)}
	case health.AtApp:
		return Action{Label: "Open the app", Href: paths.App(app)}
	case health.AtConnection:
		if connection == "" {
			return Action{Label: "See the connections", Href: paths.Connections}
		}
		return Action{Label: "Open the connection", Href: paths.Connection(connection)}
	case health.AtSource:
		return Action{Label: "See the sources", Href: paths.Sources}
	default:
		return Action{Label: "Look", Href: paths.Overview}
	}
}

// ReasonRow is a reason of health as a row, with its cure beside it; an action
// without address has no button.
func ReasonRow(p layout.Page, r health.Reason, a Action, now time.Time) ui.NeedRow {
	row := ui.NeedRow{Tone: ui.Info, Title: r.Title, Text: ReasonText(r, now), Acts: Buttons(p, a)}
	switch r.State {
	case health.Bad:
		row.Tone = ui.Bad
	case health.Warn:
		row.Tone = ui.Warn
	case health.Good, health.None:
	}
	if r.Place == health.AtCertificates {
		row.Icon = "certificate"
	}
	return row
}

// ReasonText is what shows a reason and since when, and what helps.
func ReasonText(r health.Reason, now time.Time) string {
	when := ""
	if r.When != "" && !r.Since.IsZero() {
		when = r.When + " " + Ago(now, r.Since) + "."
	}
	return strings.Join(slices.DeleteFunc([]string{r.Evidence, when, r.Cure}, func(s string) bool { return s == "" }), " ")
}

// Buttons are the actions that the viewer may use; nil: none.
func Buttons(p layout.Page, all ...Action) templ.Component {
	all = slices.DeleteFunc(slices.Clone(all), func(a Action) bool { return a.Href == "" || a.Change && !CanChange(p) })
	if len(all) == 0 {
		return nil
	}
	return buttons(all)
}

// Ago is how long ago something was, as the page's script writes it.
func Ago(now, t time.Time) string {
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return ui.Number(int(d/time.Minute)) + " min ago"
	case d < 48*time.Hour:
		return ui.Count(int(d/time.Hour), "hour", "hours") + " ago"
	default:
		return ui.Number(int(d/(24*time.Hour))) + " days ago"
	}
}
