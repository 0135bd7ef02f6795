package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/httprate"

	"github.com/postern-sso/postern/internal/crowd"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/static"
)

// errPanic is what a recovered panic answers with; the log has the value.
var errPanic = errors.New("panic")

// Limits of request bodies, in bytes.
const (
	maxForm   = 1 << 20 // the console's forms and the assertion consumer service
	maxUpload = 8 << 20 // CSV files
)

// route is one address of the console and the least role that may use it.
type route struct {
	method  string
	pattern string
	role    model.Role
	handle  consoleHandler
}

// consoleRoutes is every address of the console that needs a signed-in
// administrator. Tests run the same drills over each.
func (s *Server) consoleRoutes() []route {
	const (
		get    = http.MethodGet
		post   = http.MethodPost
		viewer = model.RoleViewer
		admin  = model.RoleAdmin
		owner  = model.RoleOwner
	)
	return []route{
		{get, "/", viewer, s.showOverview},

		{get, "/setup", admin, s.newConnection},
		{post, "/setup", admin, s.createConnection},
		{get, "/setup/{connection}", admin, s.resumeSetup},
		{get, "/setup/{connection}/{step}", admin, s.showStep},
		{post, "/setup/{connection}/{step}", admin, s.submitStep},
		{post, "/setup/{connection}/{step}/typed", admin, s.keepTyped},
		{post, "/setup/{connection}/attributes/preview", admin, s.previewUsername},
		{post, "/setup/{connection}/users/add", admin, s.setupAddUser},
		{post, "/setup/{connection}/groups/add", admin, s.setupAddGroups},
		{post, "/setup/{connection}/groups/rule", admin, s.setupAddRule},
		{get, "/setup/{connection}/test/start", admin, s.startTest}, // a link: a form could not be redirected to AWS under form-action
		{get, "/setup/{connection}/test/status", admin, s.testStatus},
		{post, "/setup/{connection}/test/username", admin, s.chooseUsername},
		{get, "/setup/{connection}/go-live/people", admin, s.preflightList},
		{post, "/setup/{connection}/go-live/confirm", admin, s.goLive},

		{get, "/connections", viewer, s.listConnections},
		{get, "/connections/{slug}", viewer, s.showConnection},
		{post, "/connections/{slug}/edit", admin, s.editConnection},
		{post, "/connections/{slug}/discard", admin, s.discardDraft},
		{post, "/connections/{slug}/suspend", admin, s.suspendConnection},
		{post, "/connections/{slug}/resume", admin, s.resumeConnection},
		{get, "/connections/{slug}/replay", admin, s.replayLogins},
		{get, "/connections/{slug}/restore", admin, s.reviewRestore},
		{get, "/connections/{slug}/restore/people", admin, s.restoreList},
		{post, "/connections/{slug}/restore", admin, s.restoreRevision},
		{get, "/connections/{slug}/certificates", viewer, s.showCertificates},
		{post, "/connections/{slug}/certificates", admin, s.addCertificates},
		{post, "/connections/{slug}/certificates/trust", admin, s.trustOffered},
		{post, "/connections/{slug}/certificates/remove", admin, s.removeCertificate},
		{post, "/connections/{slug}/certificates/check", admin, s.checkMetadata},
		{post, "/connections/{slug}/certificates/policy", admin, s.saveTrustPolicy},
		{post, "/connections/{slug}/delete", admin, s.deleteConnection},
		{post, "/connections/{slug}/setup-links", admin, s.createSetupLink},
		{post, "/connections/{slug}/setup-links/{id}/revoke", admin, s.revokeSetupLink},

		{get, "/users", viewer, s.listUsers},
		{get, "/users/new", admin, s.newUser},
		{post, "/users", admin, s.createUser},
		{get, "/users/import", admin, s.newImport},
		{post, "/users/import", admin, s.previewImport},
		{post, "/users/import/confirm", admin, s.confirmImport},
		{get, "/users/{username}", viewer, s.showUser},
		{post, "/users/{username}", admin, s.updateUser},
		{post, "/users/{username}/activate", admin, s.activateUser},
		{post, "/users/{username}/deactivate", admin, s.deactivateUser},
		{post, "/users/{username}/groups", admin, s.addUserToGroup},
		{post, "/users/{username}/groups/remove", admin, s.removeUserFromGroup},
		{post, "/users/{username}/unlink", admin, s.unlinkIdentity},
		{post, "/users/{username}/password", admin, s.setServicePassword},
		{post, "/users/{username}/password/remove", admin, s.removeServicePassword},
		{post, "/users/{username}/delete", admin, s.deleteUser},
		{post, "/users/{username}/data", admin, s.personData},
		{post, "/users/{username}/erase", owner, s.erasePerson},

		{get, "/groups", viewer, s.listGroups},
		{get, "/groups/new", admin, s.newGroup},
		{post, "/groups", admin, s.createGroup},
		{get, "/groups/{name}", viewer, s.showGroup},
		{post, "/groups/{name}", admin, s.updateGroup},
		{post, "/groups/{name}/members", admin, s.addMember},
		{post, "/groups/{name}/members/remove", admin, s.removeMember},
		{post, "/groups/{name}/delete", admin, s.deleteGroup},

		{get, "/groups/{name}/bulk", admin, s.showGroupBulk},
		{post, "/groups/{name}/bulk", admin, s.previewBulk},
		{post, "/groups/{name}/bulk/confirm", admin, s.confirmBulk},
		{post, "/bulk", admin, s.previewBulk},
		{post, "/bulk/confirm", admin, s.confirmBulk},
		{post, "/bulk/{id}/undo", admin, s.undoBulk},
		{get, "/export/users", viewer, s.exportUsers},
		{get, "/export/groups/{name}", viewer, s.exportMembers},
		{get, "/suggest/groups", admin, s.suggestGroups},

		{get, "/rules", viewer, s.listRules},
		{get, "/rules/new", admin, s.newRule},
		{post, "/rules", admin, s.createRule},
		{get, "/rules/{name}", viewer, s.showRule},
		{post, "/rules/{name}", admin, s.updateRule},
		{post, "/rules/{name}/delete", admin, s.deleteRule},

		{get, "/logins", viewer, s.listLogins},
		{get, "/logins/news", viewer, s.newLogins},
		{get, "/logins/export", viewer, s.exportLogins},
		{get, "/logins/follow", admin, s.newTraceLink},
		{post, "/logins/follow", admin, s.createTraceLink},
		{get, "/logins/follow/{id}", viewer, s.showTraceLink},
		{get, "/logins/follow/{id}/status", viewer, s.traceLinkStatus},
		{post, "/logins/follow/{id}/end", admin, s.endTraceLink},
		{get, "/logins/inspect", viewer, s.showInspector},
		{post, "/logins/inspect", viewer, s.inspect},
		{get, "/logins/{id}", viewer, s.showLogin},
		{post, "/logins/{id}/xml", admin, s.revealXML},
		{post, "/logins/{id}/download", admin, s.downloadXML},

		{get, "/apps", viewer, s.listApps},
		{get, "/apps/new", admin, s.newApp},
		{post, "/apps", admin, s.createApp},
		{get, "/apps/{slug}", viewer, s.showApp},
		{post, "/apps/{slug}", admin, s.updateApp},
		{post, "/apps/{slug}/secrets", admin, s.renewSecret},
		{post, "/apps/{slug}/secrets/{id}/remove", admin, s.removeSecret},
		{get, "/apps/{slug}/test", admin, s.startAppTest},
		{get, "/apps/{slug}/tested", admin, s.finishAppTest},
		{post, "/apps/{slug}/delete", admin, s.deleteApp},

		{get, "/audit", viewer, s.listAudit},
		{get, "/audit/export.csv", viewer, s.exportAuditCSV},
		{get, "/audit/export.jsonl", viewer, s.exportAuditJSON},

		{get, "/administrators", viewer, s.listAdministrators},
		{post, "/administrators", owner, s.createAdministrator},
		{post, "/administrators/{id}/role", owner, s.changeRole},
		{post, "/administrators/{id}/delete", owner, s.deleteAdministrator},
		{post, "/administrators/password", viewer, s.changeOwnPassword},

		{get, "/help", viewer, s.showHelp},
		{get, "/help/{page}", viewer, s.showHelpPage},
		{get, "/help/images/{name}", viewer, s.helpImage},

		{get, "/settings", viewer, s.showSettings},
		{post, "/settings", owner, s.saveSettings},
		{post, "/settings/preview", owner, s.previewTexts},
		{get, "/settings/warnings", viewer, s.showWarnings},
		{post, "/settings/warnings/mail", owner, s.saveMail},
		{post, "/settings/warnings/mail/test", owner, s.testMail},
		{post, "/settings/warnings/webhook", owner, s.saveWebhook},
		{post, "/settings/warnings/webhook/test", owner, s.testWebhook},
		{post, "/settings/warnings/calendar", owner, s.renewCalendar},
		{get, "/settings/signing-keys", viewer, s.showSigningKeys},
		{post, "/settings/signing-keys", owner, s.rotateSigningKeys},
		{post, "/settings/signing-keys/withdraw", owner, s.withdrawSigningKeys},
	}
}

// routes is the whole site, grouped by who may call it.
func (s *Server) routes() http.Handler {
	r := chi.NewRouter()
	r.Use(withRequestID, s.withLog, s.withSecurityHeaders, s.withBrand, s.withRecovery)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		s.failPage(w, r, http.StatusNotFound, failure.NotFound())
	})

	// Anyone.
	r.Get("/healthz", s.healthz)
	r.Get("/readyz", s.readyz)
	r.Handle("/static/*", static.Handler())
	r.Get("/brand/{file}", s.handle(s.showLogo))
	r.With(s.limitRate(setupLinksPerMinute)).Get("/calendar/{file}", s.handle(s.showCalendar))

	// People signing in. The assertion comes as a cross-site POST, so these
	// stand beside the cross-origin protection, not excused inside it.
	r.Group(func(r chi.Router) {
		r.Use(limitBody(maxForm), s.persons.LoadAndSave)
		r.Get("/saml/{connection}/metadata", s.handle(s.samlMetadata))
		r.With(s.limitRate(loginStartsPerMinute)).Get("/saml/{connection}/login", s.handle(s.samlLogin))
		r.Post("/saml/{connection}/acs", s.samlACS)
		r.Get("/saml/{connection}/acs", s.handle(s.explainACS))
		r.Get("/saml/{connection}/tested", s.handle(s.samlTested))
		r.Get("/saml/{connection}/arrived", s.handle(s.arrived))
		r.With(s.limitRate(loginStartsPerMinute)).Get("/trace/{token}", s.handle(s.openTraceLink))
		r.With(s.limitRate(loginStartsPerMinute)).Get("/trace/{token}/start", s.handle(s.startTraceLink))
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
		provider := s.oidc.Handler()
		r.With(s.limitRate(loginStartsPerMinute)).Handle(oidc.AuthorizePath, provider)
		for _, path := range []string{oidc.DiscoveryPath, oidc.TokenPath, oidc.UserinfoPath, oidc.KeysPath, oidc.RevokePath} {
			r.Handle(path, provider)
		}
		r.With(s.persons.LoadAndSave).Get(oidc.CallbackPath, s.handle(s.oidcCallback))
		r.With(s.persons.LoadAndSave).Get(oidc.LogoutPath, s.handle(s.oidcLogout))
		r.Post(oidc.LogoutPath, s.handle(s.oidcLogoutByForm))
	})

	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.failPage(w, r, http.StatusForbidden, failure.CrossSite())
	}))

	// People who are signed in.
	r.Group(func(r chi.Router) {
		r.Use(limitBody(maxForm), crossOrigin.Handler, s.persons.LoadAndSave)
		r.Get("/me", s.handle(s.me))
		r.Post(paths.OIDCSignOut, s.handle(s.oidcSignOut))
		r.Get("/saml/{connection}/logout", s.handle(s.showLogout))
		r.Post("/saml/{connection}/logout", s.handle(s.samlLogout))
		r.Post("/saml/{connection}/arrived", s.handle(s.arrivedAnswer))
	})

	// Whoever holds a setup link. There is no session of any kind here.
	r.Group(func(r chi.Router) {
		r.Use(limitBody(maxUpload), crossOrigin.Handler)
		r.With(s.limitRate(setupLinksPerMinute)).Get("/setup-link/{token}", s.handle(s.showSetupLink))
		r.With(s.limitRate(setupLinksPerMinute)).Post("/setup-link/{token}", s.handle(s.openSetupLink))
		r.Get("/setup-link/{token}/evidence", s.holdSetupLink(s.setupLinkEvidence))
		r.With(s.limitRate(setupLinksPerMinute)).Post("/setup-link/{token}/metadata", s.holdSetupLink(s.setupLinkMetadata))
	})

	// Administrators.
	r.Group(func(r chi.Router) {
		r.Use(limitBody(maxUpload), crossOrigin.Handler, s.admins.LoadAndSave)
		r.Get("/claim", s.handle(s.showClaim))
		r.With(s.limitRate(signInsPerMinute)).Post("/claim", s.handle(s.claim))
		r.Get("/signin", s.handle(s.showSignIn))
		r.With(s.limitRate(signInsPerMinute)).Post("/signin", s.handle(s.signIn))
		r.Post("/signout", s.handle(s.signOut))
		for _, rt := range s.consoleRoutes() {
			r.Method(rt.method, rt.pattern, s.guard(rt))
		}
	})
	return r
}

// Requests per minute and address that the expensive open endpoints answer. A
// whole company may sit behind one address, so logins have plenty.
const (
	loginStartsPerMinute = 600
	signInsPerMinute     = 60
	setupLinksPerMinute  = 60
)

func (s *Server) limitRate(perMinute int) func(http.Handler) http.Handler {
	return httprate.LimitBy(perMinute, time.Minute,
		func(r *http.Request) (string, error) { return s.remoteAddr(r), nil },
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
			s.failPage(w, r, http.StatusTooManyRequests, failure.TooMany())
		}))
}
