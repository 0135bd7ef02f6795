package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/crowd"
	"github.com/postern-sso/postern/internal/directory/scim"
	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/static"
)

// ConsoleRoutes is every address of the console that needs a signed-in
// administrator. Tests run the same drills over each.
func (s *Server) ConsoleRoutes() []kit.Route {
	return slices.Concat(s.overview.Routes(), s.Setup.Routes(), s.connections.Routes(), s.People.Routes(), s.logins.Routes(),
		s.apps.Routes(), s.audit.Routes(), s.Access.Routes(), s.help.Routes(), s.settings.Routes(), s.Warnings.Routes(), s.jobs.Routes(), s.Sources.Routes())
}

// mount is the whole site, grouped by who may call it.
func (s *Server) mount() http.Handler {
	r := chi.NewRouter()
	r.Use(kit.WithRequestID, s.WithTrace, s.WithCount, s.WithLog, s.WithSecurityHeaders, s.WithBrand, s.WithRecovery,
		kit.WithDeadline, kit.HeadAsGet, kit.NoteChanges, s.Login.CatchAstray)
	r.MethodNotAllowed(s.methodNotAllowed(r))
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		s.FailPage(w, r, http.StatusNotFound, failure.NotFound())
	})
	crossOrigin := http.NewCrossOriginProtection()
	if err := crossOrigin.AddTrustedOrigin(s.origin()); err != nil { // behind a proxy that puts another Host
		panic(err) // New has read the public URL: it has scheme and host
	}
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.FailPage(w, r, http.StatusForbidden, failure.CrossSite())
	}))

	// Anyone.
	r.Get("/healthz", s.healthz)
	r.Get("/readyz", s.readyz)
	r.Get(paths.Here, s.here)
	r.Method(http.MethodGet, "/static/*", static.Handler())
	r.Get("/brand/{file}", s.Handle(s.ShowLogo))
	s.Warnings.MountCalendar(r)

	// People signing in. The assertion comes as a cross-site POST, so these
	// stand beside the cross-origin protection, not excused inside it.
	r.Group(func(r chi.Router) {
		r.Use(kit.LimitBody(kit.MaxForm), s.Persons.LoadAndSave)
		s.Login.MountSignIn(r)
		s.logins.MountTraceLinks(r)
	})

	// Apps that keep a copy of users and groups. They prove who they are at every
	// request, by name and password, and have neither cookies nor forms; the
	// directory limits their bodies and answers errors in Crowd's form.
	r.Handle(crowd.Base+"/*", crowd.New(crowd.Options{
		Store: s.Store, Logger: s.Log, Now: s.Now, PublicURL: s.Opts.PublicURL, RemoteAddr: s.RemoteAddr,
	}))
	// Identity providers that push people and groups. They prove whose they are at every
	// request by a token, and have neither cookies nor forms; the server limits their
	// bodies and answers errors in SCIM's form.
	r.Handle(scim.Base+"/*", scim.New(scim.Options{
		Store: s.Store, Logger: s.Log, Now: s.Now, PublicURL: s.Opts.PublicURL, RemoteAddr: s.RemoteAddr,
	}))
	// Apps. Their requests come from other sites and other programs, and none
	// of them looks at a cookie; only the callback does, and it changes nothing
	// but the request that it names.
	r.Group(func(r chi.Router) {
		r.Use(kit.LimitBody(kit.MaxForm))
		provider := s.Person.Provider.Handler()
		for path, methods := range oidc.Methods() {
			for _, method := range methods {
				if path == oidc.AuthorizePath {
					r.With(s.LimitRate(kit.LoginStartsPerMinute)).Method(method, path, provider)
				} else {
					r.Method(method, path, provider)
				}
			}
		}
		s.Person.MountCallbacks(r)
	})

	// People who are signed in.
	r.Group(func(r chi.Router) {
		r.Use(kit.LimitBody(kit.MaxForm), crossOrigin.Handler, s.Persons.LoadAndSave)
		s.Person.MountOwnPages(r)
		s.Login.MountSignOut(r)
	})

	// Whoever holds a setup link. There is no session of any kind here.
	r.Group(func(r chi.Router) {
		r.Use(kit.LimitBody(kit.MaxUpload), crossOrigin.Handler)
		s.Setup.MountSetupLinks(r)
	})

	// Administrators.
	r.Group(func(r chi.Router) {
		r.Use(kit.LimitBody(kit.MaxUpload), crossOrigin.Handler, s.Admins.LoadAndSave)
		s.Access.MountSignIn(r)
		for _, rt := range s.ConsoleRoutes() {
			r.Method(rt.Method, rt.Pattern, s.Guard(rt))
		}
	})
	return r
}

// origin is the origin of our own pages, as browsers name it.
func (s *Server) origin() string {
	u, err := url.Parse(s.Opts.PublicURL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
