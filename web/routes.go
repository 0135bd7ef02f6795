package web

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/crowd"
	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/web/static"
)

// consoleRoutes is every address of the console that needs a signed-in
// administrator. Tests run the same drills over each.
func (s *Server) consoleRoutes() []route {
	return slices.Concat(s.overview.routes(), s.setup.routes(), s.connections.routes(), s.people.routes(), s.logins.routes(),
		s.apps.routes(), s.audit.routes(), s.access.routes(), s.help.routes(), s.settings.routes(), s.warnings.routes())
}

// mount is the whole site, grouped by who may call it.
func (s *Server) mount() http.Handler {
	r := chi.NewRouter()
	r.Use(withRequestID, s.withLog, s.withSecurityHeaders, s.withBrand, s.withRecovery)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		s.failPage(w, r, http.StatusNotFound, failure.NotFound())
	})
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.failPage(w, r, http.StatusForbidden, failure.CrossSite())
	}))

	// Anyone.
	for path, h := range map[string]http.HandlerFunc{"/healthz": s.healthz, "/readyz": s.readyz} {
		r.Get(path, h)
		r.Head(path, h) // as load balancers ask
	}
	r.Handle("/static/*", static.Handler())
	r.Get("/brand/{file}", s.handle(s.showLogo))
	s.warnings.mountCalendar(r)

	// People signing in. The assertion comes as a cross-site POST, so these
	// stand beside the cross-origin protection, not excused inside it.
	r.Group(func(r chi.Router) {
		r.Use(limitBody(maxForm), s.persons.LoadAndSave)
		s.login.mountSignIn(r)
		s.logins.mountTraceLinks(r)
	})

	// Apps that keep a copy of users and groups. They prove who they are at every
	// request, by name and password, and have neither cookies nor forms; the
	// directory limits their bodies and answers errors in Crowd's form.
	r.Handle(crowd.Base+"/*", crowd.New(crowd.Options{
		Store: s.store, Logger: s.log, Now: s.now, PublicURL: s.opts.PublicURL, RemoteAddr: s.remoteAddr,
	}))
	// Apps. Their requests come from other sites and other programs, and none
	// of them looks at a cookie; only the callback does, and it changes nothing
	// but the request that it names.
	r.Group(func(r chi.Router) {
		r.Use(limitBody(maxForm))
		provider := s.person.provider.Handler()
		r.With(s.limitRate(loginStartsPerMinute)).Handle(oidc.AuthorizePath, provider)
		for _, path := range []string{oidc.DiscoveryPath, oidc.TokenPath, oidc.UserinfoPath, oidc.KeysPath, oidc.RevokePath} {
			r.Handle(path, provider)
		}
		s.person.mountCallbacks(r)
	})

	// People who are signed in.
	r.Group(func(r chi.Router) {
		r.Use(limitBody(maxForm), crossOrigin.Handler, s.persons.LoadAndSave)
		s.person.mountOwnPages(r)
		s.login.mountSignOut(r)
	})

	// Whoever holds a setup link. There is no session of any kind here.
	r.Group(func(r chi.Router) {
		r.Use(limitBody(maxUpload), crossOrigin.Handler)
		s.setup.mountSetupLinks(r)
	})

	// Administrators.
	r.Group(func(r chi.Router) {
		r.Use(limitBody(maxUpload), crossOrigin.Handler, s.admins.LoadAndSave)
		s.access.mountSignIn(r)
		for _, rt := range s.consoleRoutes() {
			r.Method(rt.method, rt.pattern, s.guard(rt))
		}
	})
	return r
}
