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
	"github.com/postern-sso/postern/web/access"
	"github.com/postern-sso/postern/web/apps"
	"github.com/postern-sso/postern/web/audit"
	"github.com/postern-sso/postern/web/connections"
	"github.com/postern-sso/postern/web/help"
	"github.com/postern-sso/postern/web/jobs"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/login"
	"github.com/postern-sso/postern/web/logins"
	"github.com/postern-sso/postern/web/overview"
	"github.com/postern-sso/postern/web/people"
	"github.com/postern-sso/postern/web/person"
	"github.com/postern-sso/postern/web/settings"
	"github.com/postern-sso/postern/web/setup"
	"github.com/postern-sso/postern/web/sources"
	"github.com/postern-sso/postern/web/standing"
	"github.com/postern-sso/postern/web/warnings"
)

// Server answers every request. Make one with New.
type Server struct {
	*kit.Kit
	Access      *access.Room
	apps        *apps.Room
	audit       *audit.Room
	connections *connections.Room
	help        *help.Room
	jobs        *jobs.Room
	Login       *login.Room
	logins      *logins.Room
	overview    *overview.Room
	People      *people.Room
	Person      *person.Room
	settings    *settings.Room
	Setup       *setup.Room
	Sources     *sources.Room
	Warnings    *warnings.Room

	handler http.Handler
}

// New puts the site together; it does not listen.
func New(o kit.Options) (*Server, error) {
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("public URL %q: not an absolute URL", o.PublicURL)
	}
	flow, err := wizard.Setup()
	if err != nil {
		return nil, fmt.Errorf("setup flow: %w", err)
	}
	k := kit.New(o)
	s := &Server{
		Kit: k, Access: access.New(k), audit: audit.New(k), help: help.New(k), jobs: jobs.New(k), Login: login.New(k), overview: overview.New(k),
		People: people.New(k), Sources: sources.New(k), Warnings: warnings.New(k),
	}
	s.logins = logins.New(k, s.Login)
	if s.Person, err = person.New(k); err != nil {
		return nil, err
	}
	s.apps, s.settings = apps.New(k, s.Person.Provider), settings.New(k, s.Person.Provider)
	s.Setup = setup.New(k, setup.Needs{
		Flow: flow, BeginLogin: s.Login.BeginLogin, AppSeen: s.apps.AppSeen,
		ShowProblem: func(w http.ResponseWriter, r *http.Request, a model.Administrator, c model.Connection, text string) error {
			return s.connections.ShowProblem(w, r, a, c, text) // made next: the two show parts of each other
		},
	})
	s.connections = connections.New(k, s.Setup)
	k.Connect(s.Access, s.ConsoleRoutes())
	s.handler = s.mount()
	o.Metrics.Watch(standing.With(k).Figures, k.Store, o.Readiness, o.Backups)
	return s, nil
}

// Handler is the whole site.
func (s *Server) Handler() http.Handler { return s.handler }
