package parts

import (
	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/templates/paths"
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
	case health.AtLogins:
		return Action{Label: "See the newest", Href: paths.Login(r.Login)}
	case health.AtApp:
		return Action{Label: "Open the app", Href: paths.App(app)}
	case health.AtConnection:
		if connection == "" {
			return Action{Label: "See the connections", Href: paths.Connections}
		}
		return Action{Label: "Open the connection", Href: paths.Connection(connection)}
	default:
		return Action{Label: "Look", Href: paths.Overview}
	}
}
