// Package web is the HTTP edge. The folder itself holds only what joins the
// rooms: each room is a small type that says its routes. There is no SQL here, no
// SAML and no rules; those are in the packages below.
package web

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

// Server answers every request. Make one with New.
type Server struct {
	*kit
	access      *accessRoom
	apps        *appsRoom
	audit       *auditRoom
	connections *connectionsRoom
	help        *helpRoom
	login       *loginRoom
	logins      *loginsRoom
	overview    *overviewRoom
	people      *peopleRoom
	person      *personRoom
	settings    *settingsRoom
	setup       *setupRoom
	warnings    *warningsRoom

	handler http.Handler
}

// New puts the site together; it does not listen.
func New(o Options) (*Server, error) {
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("public URL %q: not an absolute URL", o.PublicURL)
	}
	flow, err := wizard.Setup()
	if err != nil {
		return nil, fmt.Errorf("setup flow: %w", err)
	}
	k := newKit(o)
	s := &Server{
		kit: k, access: newAccessRoom(k), audit: newAuditRoom(k), help: newHelpRoom(k), login: newLoginRoom(k), overview: newOverviewRoom(k),
		people: newPeopleRoom(k), warnings: newWarningsRoom(k),
	}
	s.logins = newLoginsRoom(k, s.login)
	if s.person, err = newPersonRoom(k); err != nil {
		return nil, err
	}
	s.apps, s.settings = newAppsRoom(k, s.person.provider), newSettingsRoom(k, s.person.provider)
	s.setup = newSetupRoom(k, setupNeeds{
		flow: flow, beginLogin: s.login.beginLogin, appSeen: s.apps.appSeen,
		showProblem: func(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection, text string) error {
			return s.connections.showProblem(w, r, a, c, text) // made next: the two show parts of each other
		},
	})
	s.connections = newConnectionsRoom(k, s.setup)
	k.connect(s.access, s.consoleRoutes())
	s.handler = s.mount()
	return s, nil
}

// Handler is the whole site.
func (s *Server) Handler() http.Handler { return s.handler }
