// Package paths builds the addresses of Postern's pages, for handlers and
// templates alike. Every variable part is escaped here and nowhere else.
package paths

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/wizard"
)

// Fixed addresses of the console.
const (
	Overview              = "/"
	Claim                 = "/claim"
	SignIn                = "/signin"
	SignInPasskey         = "/signin/passkey"
	PasskeyOptions        = "/signin/passkey/options"
	SignInSecond          = "/signin/second"
	SignInStepUp          = "/signin/again"
	SignInAWS             = "/signin/aws"
	SignInGoOn            = "/signin/go-on"
	Account               = "/account"
	AccountSessions       = "/account/sessions/end"
	AccountPasskeys       = "/account/passkeys"
	AccountPasskeyNew     = "/account/passkeys/new"
	AccountPasskeyOptions = "/account/passkeys/options"
	AccountPasskeyRemove  = "/account/passkeys/remove"
	AccountCodes          = "/account/recovery-codes"
	SignOut               = "/signout"
	SetupNew              = "/setup"
	Connections           = "/connections"
	Users                 = "/users"
	UsersNew              = "/users/new"
	UsersImport           = "/users/import"
	UsersBulk             = "/bulk"
	Jobs                  = "/jobs"
	Link                  = "/link"
	Groups                = "/groups"
	GroupsNew             = "/groups/new"
	ExportUsers           = "/export/users"
	ExportLeavers         = "/export/leavers"
	SuggestGroups         = "/suggest/groups"
	Rules                 = "/rules"
	RulesNew              = "/rules/new"
	Sources               = "/sources"
	SourcesNew            = "/sources/new"
	SourceSimulated       = "/sources/new/simulated-aws"
	Leavers               = "/leavers"
	AWSGroups             = "/aws-groups"
	Logins                = "/logins"
	LoginsNews            = "/logins/news"
	LoginsExport          = "/logins/export"
	TraceLinkNew          = "/logins/follow"
	Inspector             = "/logins/inspect"
	Apps                  = "/apps"
	AppsNew               = "/apps/new"
	Administrators        = "/administrators"
	OwnPassword           = "/administrators/password"
	AdministratorsRules   = "/administrators/rules"
	Audit                 = "/audit"
	AuditExport           = "/audit/export" // and ".csv" or ".jsonl"
	Warnings              = "/settings/warnings"
	WarningsMail          = "/settings/warnings/mail"
	WarningsMailTest      = "/settings/warnings/mail/test"
	WarningsWebhook       = "/settings/warnings/webhook"
	WarningsWebhookTest   = "/settings/warnings/webhook/test"
	WarningsCalendar      = "/settings/warnings/calendar"
	Settings              = "/settings"
	PublicURL             = "/settings/public-url"
	Here                  = "/healthz/here"
	SigningKeys           = "/settings/signing-keys"
	SigningKeysWithdraw   = "/settings/signing-keys/withdraw"
	SettingsPreview       = "/settings/preview"
	Help                  = "/help"
	Me                    = "/me"
	OIDCSignOut           = "/oidc/signout"
)

func join(base string, parts ...string) string {
	for _, p := range parts {
		base += "/" + url.PathEscape(p)
	}
	return base
}

// named is the address of something that people name. "new" and "import" are
// pages of their own beside those; a thing of that name gets its first letter
// percent-encoded, which the router tells apart from the page.
func named(base, name string, parts ...string) string {
	if name == "new" || name == "import" {
		return join(base+fmt.Sprintf("/%%%02X", name[0])+name[1:], parts...)
	}
	return join(base, append([]string{name}, parts...)...)
}

// Logo is where the picture with this hash is served.
func Logo(hash string) string { return join("/brand", hash+".png") }

// Setup resumes the wizard of a connection; SetupStep is one of its steps.
func Setup(slug string) string { return join("/setup", slug) }

// SetupStep is one step of a connection's wizard.
func SetupStep(slug string, step wizard.StepID) string { return join("/setup", slug, string(step)) }

// SetupAction is a button inside a step with a POST of its own.
func SetupAction(slug string, step wizard.StepID, action string) string {
	return join("/setup", slug, string(step), action)
}

// Connection is a connection's page; ConnectionAction one of its buttons.
func Connection(slug string) string { return join(Connections, slug) }

// ConnectionAction is a button on a connection's page.
func ConnectionAction(slug string, action ...string) string { return join(Connection(slug), action...) }

// Calendar is where the certificates' calendar is.
func Calendar(token string) string { return join("/calendar", token+".ics") }

// Certificates is what a connection trusts.
func Certificates(slug string) string { return ConnectionAction(slug, "certificates") }

// User is a user's page.
func User(username string) string { return named(Users, username) }

// UserAction is a button on a user's page.
func UserAction(username string, action ...string) string { return named(Users, username, action...) }

// Group is a group's page.
func Group(name string) string { return named(Groups, name) }

// GroupAction is a button on a group's page.
func GroupAction(name string, action ...string) string { return named(Groups, name, action...) }

// SourceNew is the form of a new source of a kind.
func SourceNew(kind string) string { return join(SourcesNew, kind) }

// LeaverAction is a button about one person on the page of leavers.
func LeaverAction(username, action string) string { return named(Leavers, username, action) }

// Source is a source's page; SourceAction is a button on it.
func Source(slug string) string { return named(Sources, slug) }

// SourceAction is a page or a button of a source.
func SourceAction(slug string, action ...string) string { return named(Sources, slug, action...) }

// SourceRun is one run of a source; SourceRunAction is a button on it.
func SourceRun(slug string, id int64) string {
	return named(Sources, slug, "runs", strconv.FormatInt(id, 10))
}

// SourceRunAction is a page or a button of a run.
func SourceRunAction(slug string, id int64, action string) string {
	return named(Sources, slug, "runs", strconv.FormatInt(id, 10), action)
}

// LinkUndo takes back what is not used of an act that allowed links.
func LinkUndo(act string) string { return join(Link, act, "undo") }

// BulkUndo undoes a bulk change.
func BulkUndo(id int64) string { return join(UsersBulk, strconv.FormatInt(id, 10), "undo") }

// AuditAct is what one act did, entry by entry.
func AuditAct(id int64) string { return WithQuery(Audit, "act", strconv.FormatInt(id, 10)) }

// Job is the page of work that goes on in the background.
func Job(id int64) string { return join(Jobs, strconv.FormatInt(id, 10)) }

// JobAction is a button or a file on that page.
func JobAction(id int64, action string) string { return join(Job(id), action) }

// GroupExport is the file with the members of a group.
func GroupExport(name string) string { return join("/export/groups", name) }

// Rule is a rule's page.
func Rule(name string) string { return named(Rules, name) }

// RuleAction is a button on a rule's page.
func RuleAction(name, action string) string { return named(Rules, name, action) }

// LoginName is what is stored about a name that no user has; parts lead to what
// can be done with it.
func LoginName(name string, parts ...string) string {
	return join(Logins+"/people", append([]string{name}, parts...)...)
}

// Login is the trace of one login.
func Login(id string) string { return join(Logins, id) }

// LoginAction is a button on a login's page.
func LoginAction(id, action string) string { return join(Logins, id, action) }

// TraceLink is where an administrator follows one person's login.
func TraceLink(id int64) string { return join(TraceLinkNew, strconv.FormatInt(id, 10)) }

// TraceLinkAction is a part of that page with an address of its own.
func TraceLinkAction(id int64, action string) string {
	return join(TraceLinkNew, strconv.FormatInt(id, 10), action)
}

// Trace is the link that the person opens whose login is followed.
func Trace(token string) string { return join("/trace", token) }

// TraceStart starts the login.
func TraceStart(token string) string { return join("/trace", token, "start") }

// HelpPage is a page of the administrator's guide.
func HelpPage(slug string) string { return join(Help, slug) }

// HelpSearch looks for something in the guide.
func HelpSearch(query string) string { return Help + "?" + url.Values{"q": {query}}.Encode() }

// HelpImage is a picture of the guide.
func HelpImage(name string) string { return join(Help, "images", name) }

// App is an app's page.
func App(slug string) string { return join(Apps, slug) }

// AppAction is a button on an app's page.
func AppAction(slug string, action ...string) string { return join(App(slug), action...) }

// AdministratorAction is a button on the administrators' page.
func AdministratorAction(id int64, action ...string) string {
	return join(Administrators, append([]string{strconv.FormatInt(id, 10)}, action...)...)
}

// SAMLMetadata is our own metadata of a connection, for AWS.
func SAMLMetadata(slug string) string { return join("/saml", slug, "metadata") }

// SAMLLogin starts a login.
func SAMLLogin(slug string) string { return join("/saml", slug, "login") }

// SAMLLogout ends the person's session here.
func SAMLLogout(slug string) string { return join("/saml", slug, "logout") }

// SAMLAccountSwitch is where somebody goes on whom AWS sent unasked.
func SAMLAccountSwitch(slug, token string) string {
	return WithQuery(join("/saml", slug, "arrived"), "arrival", token)
}

// SAMLTested is where a test login ends for the person who made it.
func SAMLTested(slug string) string { return join("/saml", slug, "tested") }

// SetupLinks is where an administrator makes a setup link for a connection.
func SetupLinks(slug string) string { return join(Connections, slug, "setup-links") }

// CertificateLink is where an administrator makes a link for AWS's new certificate.
func CertificateLink(slug string) string { return ConnectionAction(slug, "certificates", "link") }

// SetupLinkRevoke is the button that ends one.
func SetupLinkRevoke(slug string, id int64) string {
	return join(Connections, slug, "setup-links", strconv.FormatInt(id, 10), "revoke")
}

// SetupLink is the link itself, which another person opens.
func SetupLink(token string) string { return join("/setup-link", token) }

// SetupLinkAction is a part of the page behind it with an address of its own.
func SetupLinkAction(token, action string) string { return join("/setup-link", token, action) }

// WithQuery adds query parameters, given as name, value pairs; empty values are left out.
func WithQuery(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	if strings.Contains(path, "?") {
		return path + "&" + q.Encode()
	}
	return path + "?" + q.Encode()
}
