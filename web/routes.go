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
	proof   proof
}

// proof is what an address wants besides the role.
type proof int

const (
	anytime   proof = iota
	stepUp          // they proved who they are a short while ago
	enrolling       // the same, but see mayEnrol
)

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
		{get, "/", viewer, s.showOverview, anytime},

		{get, "/setup", admin, s.newConnection, anytime},
		{post, "/setup", admin, s.createConnection, anytime},
		{get, "/setup/{connection}", admin, s.resumeSetup, anytime},
		{get, "/setup/{connection}/{step}", admin, s.showStep, anytime},
		{post, "/setup/{connection}/{step}", admin, s.submitStep, anytime},
		{post, "/setup/{connection}/{step}/typed", admin, s.autosave, anytime},
		{post, "/setup/{connection}/attributes/preview", admin, s.previewUsername, anytime},
		{post, "/setup/{connection}/users/add", admin, s.setupAddUser, anytime},
		{post, "/setup/{connection}/groups/add", admin, s.setupAddGroups, anytime},
		{post, "/setup/{connection}/groups/rule", admin, s.setupAddRule, anytime},
		{get, "/setup/{connection}/test/start", admin, s.startTest, anytime}, // a link: a form could not be redirected to AWS under form-action
		{get, "/setup/{connection}/test/status", admin, s.testStatus, anytime},
		{post, "/setup/{connection}/test/username", admin, s.chooseUsername, anytime},
		{get, "/setup/{connection}/go-live/people", admin, s.preflightList, anytime},
		{post, "/setup/{connection}/go-live/confirm", admin, s.goLive, stepUp},

		{get, "/connections", viewer, s.listConnections, anytime},
		{get, "/connections/{slug}", viewer, s.showConnection, anytime},
		{post, "/connections/{slug}/edit", admin, s.editConnection, anytime},
		{post, "/connections/{slug}/discard", admin, s.discardDraft, anytime},
		{post, "/connections/{slug}/suspend", admin, s.suspendConnection, anytime},
		{post, "/connections/{slug}/resume", admin, s.resumeConnection, stepUp},
		{get, "/connections/{slug}/replay", admin, s.replayLogins, anytime},
		{get, "/connections/{slug}/restore", admin, s.reviewRestore, anytime},
		{get, "/connections/{slug}/restore/people", admin, s.restoreList, anytime},
		{post, "/connections/{slug}/restore", admin, s.restoreRevision, stepUp},
		{get, "/connections/{slug}/certificates", viewer, s.showCertificates, anytime},
		{post, "/connections/{slug}/certificates", admin, s.reviewCertificates, anytime},
		{post, "/connections/{slug}/certificates/trust", admin, s.trustCertificates, stepUp},
		{post, "/connections/{slug}/certificates/remove", admin, s.removeCertificate, anytime},
		{post, "/connections/{slug}/certificates/check", admin, s.checkMetadata, anytime},
		{post, "/connections/{slug}/certificates/policy", admin, s.saveTrustPolicy, stepUp},
		{post, "/connections/{slug}/delete", admin, s.deleteConnection, stepUp},
		{post, "/connections/{slug}/setup-links", admin, s.createSetupLink, anytime},
		{post, "/connections/{slug}/setup-links/{id}/revoke", admin, s.revokeSetupLink, anytime},

		{get, "/users", viewer, s.listUsers, anytime},
		{get, "/users/new", admin, s.newUser, anytime},
		{post, "/users", admin, s.createUser, anytime},
		{get, "/users/import", admin, s.newImport, anytime},
		{post, "/users/import", admin, s.previewImport, anytime},
		{post, "/users/import/confirm", admin, s.confirmImport, anytime},
		{get, "/users/{username}", viewer, s.showUser, anytime},
		{post, "/users/{username}", admin, s.updateUser, anytime},
		{post, "/users/{username}/activate", admin, s.activateUser, anytime},
		{post, "/users/{username}/deactivate", admin, s.deactivateUser, anytime},
		{post, "/users/{username}/groups", admin, s.addUserToGroup, anytime},
		{post, "/users/{username}/groups/remove", admin, s.removeUserFromGroup, anytime},
		{post, "/users/{username}/unlink", admin, s.unlinkIdentity, anytime},
		{post, "/users/{username}/password", admin, s.setServicePassword, stepUp},
		{post, "/users/{username}/password/remove", admin, s.removeServicePassword, anytime},
		{post, "/users/{username}/delete", admin, s.deleteUser, stepUp},
		{post, "/users/{username}/data", admin, s.personData, stepUp},
		{post, "/users/{username}/erase", owner, s.erasePerson, stepUp},

		{get, "/groups", viewer, s.listGroups, anytime},
		{get, "/groups/new", admin, s.newGroup, anytime},
		{post, "/groups", admin, s.createGroup, anytime},
		{get, "/groups/{name}", viewer, s.showGroup, anytime},
		{post, "/groups/{name}", admin, s.updateGroup, anytime},
		{post, "/groups/{name}/members", admin, s.addMember, anytime},
		{post, "/groups/{name}/members/remove", admin, s.removeMember, anytime},
		{post, "/groups/{name}/delete", admin, s.deleteGroup, anytime},

		{get, "/groups/{name}/bulk", admin, s.showGroupBulk, anytime},
		{post, "/groups/{name}/bulk", admin, s.previewBulk, anytime},
		{post, "/groups/{name}/bulk/confirm", admin, s.confirmBulk, anytime},
		{post, "/bulk", admin, s.previewBulk, anytime},
		{post, "/bulk/confirm", admin, s.confirmBulk, anytime},
		{post, "/bulk/{id}/undo", admin, s.undoBulk, anytime},
		{get, "/export/users", viewer, s.exportUsers, anytime},
		{get, "/export/groups/{name}", viewer, s.exportMembers, anytime},
		{get, "/suggest/groups", admin, s.suggestGroups, anytime},

		{get, "/rules", viewer, s.listRules, anytime},
		{get, "/rules/new", admin, s.newRule, anytime},
		{post, "/rules", admin, s.createRule, anytime},
		{get, "/rules/{name}", viewer, s.showRule, anytime},
		{post, "/rules/{name}", admin, s.updateRule, anytime},
		{post, "/rules/{name}/delete", admin, s.deleteRule, anytime},

		{get, "/logins", viewer, s.listLogins, anytime},
		{get, "/logins/news", viewer, s.newLogins, anytime},
		{get, "/logins/export", viewer, s.exportLogins, anytime},
		{get, "/logins/follow", admin, s.newTraceLink, anytime},
		{post, "/logins/follow", admin, s.createTraceLink, anytime},
		{get, "/logins/follow/{id}", viewer, s.showTraceLink, anytime},
		{get, "/logins/follow/{id}/status", viewer, s.traceLinkStatus, anytime},
		{post, "/logins/follow/{id}/end", admin, s.endTraceLink, anytime},
		{get, "/logins/inspect", viewer, s.showInspector, anytime},
		{post, "/logins/inspect", viewer, s.inspect, anytime},
		{get, "/logins/people/{name}", admin, s.showName, anytime},
		{post, "/logins/people/{name}/data", admin, s.nameData, stepUp},
		{post, "/logins/people/{name}/erase", owner, s.eraseName, stepUp},
		{get, "/logins/{id}", viewer, s.showLogin, anytime},
		{post, "/logins/{id}/xml", admin, s.revealXML, stepUp},
		{post, "/logins/{id}/download", admin, s.downloadXML, stepUp},

		{get, "/apps", viewer, s.listApps, anytime},
		{get, "/apps/new", admin, s.newApp, anytime},
		{post, "/apps", admin, s.createApp, stepUp},
		{get, "/apps/{slug}", viewer, s.showApp, anytime},
		{post, "/apps/{slug}", admin, s.updateApp, stepUp},
		{post, "/apps/{slug}/secrets", admin, s.renewSecret, stepUp},
		{post, "/apps/{slug}/secrets/{id}/remove", admin, s.removeSecret, anytime},
		{get, "/apps/{slug}/test", admin, s.startAppTest, anytime},
		{get, "/apps/{slug}/tested", admin, s.finishAppTest, anytime},
		{post, "/apps/{slug}/delete", admin, s.deleteApp, stepUp},

		{get, "/audit", viewer, s.listAudit, anytime},
		{get, "/audit/export.csv", viewer, s.exportAuditCSV, anytime},
		{get, "/audit/export.jsonl", viewer, s.exportAuditJSON, anytime},

		{get, "/administrators", viewer, s.listAdministrators, anytime},
		{post, "/administrators", owner, s.createAdministrator, stepUp},
		{post, "/administrators/{id}/role", owner, s.changeRole, stepUp},
		{post, "/administrators/{id}/delete", owner, s.deleteAdministrator, stepUp},
		{post, "/administrators/rules", owner, s.saveConsoleRules, stepUp},
		{post, "/administrators/password", viewer, s.changeOwnPassword, stepUp},

		{get, "/account", viewer, s.showAccount, anytime},
		{post, "/account/sessions/end", viewer, s.endOwnSessions, anytime},
		{get, "/account/passkeys/new", viewer, s.showNewPasskey, enrolling},
		{post, "/account/passkeys/options", viewer, s.newPasskeyOptions, enrolling},
		{post, "/account/passkeys", viewer, s.addPasskey, enrolling},
		{post, "/account/passkeys/remove", viewer, s.removePasskey, stepUp},
		{post, "/account/recovery-codes", viewer, s.renewRecoveryCodes, stepUp},
		{post, "/administrators/{id}/sessions/end", owner, s.endSessionsOf, anytime},
		{post, "/administrators/{id}/passkeys/remove", owner, s.removePasskeysOf, stepUp},

		{get, "/help", viewer, s.showHelp, anytime},
		{get, "/help/{page}", viewer, s.showHelpPage, anytime},
		{get, "/help/images/{name}", viewer, s.helpImage, anytime},

		{get, "/settings", viewer, s.showSettings, anytime},
		{post, "/settings", owner, s.saveSettings, anytime},
		{post, "/settings/preview", owner, s.previewTexts, anytime},
		{get, "/settings/warnings", viewer, s.showWarnings, anytime},
		{post, "/settings/warnings/mail", owner, s.saveMail, stepUp},
		{post, "/settings/warnings/mail/test", owner, s.testMail, anytime},
		{post, "/settings/warnings/webhook", owner, s.saveWebhook, stepUp},
		{post, "/settings/warnings/webhook/test", owner, s.testWebhook, anytime},
		{post, "/settings/warnings/calendar", owner, s.renewCalendar, stepUp},
		{get, "/settings/signing-keys", viewer, s.showSigningKeys, anytime},
		{post, "/settings/signing-keys", owner, s.rotateSigningKeys, stepUp},
		{post, "/settings/signing-keys/withdraw", owner, s.withdrawSigningKeys, stepUp},
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
	for path, h := range map[string]http.HandlerFunc{"/healthz": s.healthz, "/readyz": s.readyz} {
		r.Get(path, h)
		r.Head(path, h) // as load balancers ask
	}
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
		r.Get("/saml/{connection}/arrived", s.handle(s.askAccountSwitch))
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
		r.Post("/saml/{connection}/arrived", s.handle(s.answerAccountSwitch))
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
		limited := func() chi.Router { return r.With(s.limitRateBy(signInsPerMinute, s.signInKey)) }
		r.With(s.limitRate(signInsPerMinute)).Post("/claim", s.handle(s.claim))
		r.Get("/signin", s.handle(s.showSignIn))
		limited().Post("/signin", s.handle(s.signIn))
		limited().Post("/signin/second", s.handle(s.secondStep))
		limited().Post("/signin/passkey", s.handle(s.signInWithPasskey))
		limited().Post("/signin/passkey/options", s.handle(s.passkeyOptions))
		limited().Post("/signin/again", s.handle(s.confirmStepUp))
		limited().With(s.persons.LoadAndSave).Get("/signin/aws", s.handle(s.signInThroughAWS))
		r.Post("/signin/go-on", s.handle(s.goOnSignedIn))
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

	clientFailuresPerMinute = 60
)

func (s *Server) limitRate(perMinute int) func(http.Handler) http.Handler {
	return s.limitRateBy(perMinute, func(r *http.Request) (string, error) { return model.NetworkOf(s.remoteAddr(r)), nil })
}

func (s *Server) limitRateBy(perMinute int, key httprate.KeyFunc) func(http.Handler) http.Handler {
	return httprate.LimitBy(perMinute, time.Minute, key,
		httprate.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) { s.fail(w, r, err) }),
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
			s.failPage(w, r, http.StatusTooManyRequests, failure.TooMany())
		}))
}

// signInKey is what the sign-in's requests are counted by: a browser in which
// somebody signed in before by itself, so that whoever floods the sign-in from
// the same address does not lock it out; every other by its address.
func (s *Server) signInKey(r *http.Request) (string, error) {
	if token := s.knownBrowser(r); token != "" {
		if known, err := s.store.IsAnyonesBrowser(r.Context(), token); err != nil || known {
			return "browser\n" + token, err
		}
	}
	return model.NetworkOf(s.remoteAddr(r)), nil
}
