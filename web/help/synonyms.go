package help

// synonym leads from words that people use to those of the guide.
type synonym struct {
	words []string // all of them are asked for, in whatever order
	means []string // the guide's words for it
}

// synonyms are read once.
var synonyms = readSynonyms() //nolint:gochecknoglobals // a constant

// synonymTable has what people call things, and what the guide calls them. A
// pair with two words on the left counts only where both are asked for.
var synonymTable = [][2]string{ //nolint:gochecknoglobals // a constant
	// Signing in, and being kept out.
	{"passkey lose", "recovery code"}, {"passkey broken", "recovery code"}, {"passkey forgotten", "recovery code"}, {"phone", "passkey"},
	{"yubikey", "passkey"}, {"fido", "passkey"}, {"webauthn", "passkey"}, {"fingerprint reader", "passkey"}, {"mfa", "passkey"}, {"2fa", "passkey"},
	{"factor", "passkey"}, {"authenticator", "passkey"}, {"token", "secret"}, {"forgot", "reset"}, {"forgotten", "reset"},
	{"password forgot", "admin reset"},
	{"password forgotten", "admin reset"}, {"password lose", "admin reset"}, {"locked", "lockout"}, {"lock", "lockout"}, {"lockout", "shut"},
	{"signout", "session"},
	{"everybody out", "end session"}, {"timeout", "session"}, {"idle", "session"}, {"inactivity", "session"}, {"kick", "session"}, {"brute", "guess"},
	{"attack", "guess"}, {"attempts", "guess"}, {"denied", "refused"}, {"reject", "refused"}, {"rejected", "refused"}, {"block", "refused"},
	{"forbidden", "refused"}, {"fail", "refused"}, {"failed", "refused"}, {"error", "refused"}, {"fail", "cannot"}, {"troubleshoot", "cannot reason"},
	{"debug", "trace"}, {"sso", "single signon"}, {"portal", "portal unsolicited"}, {"tile", "portal unsolicited"}, {"reauthentication", "step"},
	{"sign out", "session"}, {"broke", "lost"}, {"passkey broke", "recovery code"}, {"yubikey broke", "recovery code"}, {"protection", "guess"},
	{"sudo", "re authentication"}, {"confirm password", "re authentication"}, {"two factor", "passkey"},
	// Times.
	{"clock", "valid time"}, {"clock skew", "answer valid"}, {"skew", "clock valid"}, {"drift", "clock valid"}, {"ntp", "clock valid"},
	{"timezone", "clock time"}, {"time wrong", "clock valid later"}, {"expire", "end valid"}, {"expiry", "end"}, {"expiration", "end"},
	{"certificate expire", "certificate end"},
	{"renew", "change certificate"}, {"renewal", "change certificate"}, {"rotate", "change"}, {"rollover", "change certificate"},
	{"replace", "change"},
	{"cert", "certificate"}, {"certs", "certificate"}, {"x509", "certificate"}, {"pem", "certificate"}, {"thumbprint", "fingerprint"},
	{"reminder", "told warn"}, {"notification", "told warnings"}, {"notify", "told warnings"}, {"alert", "told warnings"},
	{"email alert", "mail server warnings told"}, {"email notification", "mail server warnings told"}, {"email notify", "mail server warnings told"},
	{"smtp", "mail server"}, {"slack", "webhook"}, {"teams", "webhook"}, {"ical", "calendar"},
	// SAML.
	{"audience", "audience_mismatch"}, {"bad audience", "audience_mismatch"}, {"acs", "destination recipient address"},
	{"acs url", "destination_mismatch"},
	{"entity", "audience issuer"}, {"idp", "aws metadata"}, {"assertion", "answer"}, {"response", "answer"}, {"saml", "answer"},
	{"claim", "attribute"},
	{"mapping", "attribute mappings"}, {"nameid", "subject"}, {"replay attack", "replayed"}, {"twice", "replayed"}, {"used twice", "replayed"},
	{"decrypt", "encrypted"}, {"sha1", "signature algorithm"}, {"unsigned", "signature missing"}, {"tampered", "signature invalid"},
	// Running it.
	{"upgrade", "upgrading"}, {"update", "upgrading"}, {"update postern", "upgrading"}, {"update version", "upgrading"}, {"version", "upgrading"},
	{"release", "upgrading"}, {"install version", "upgrading"}, {"downgrade", "rollback older program"}, {"rollback", "bring back earlier revision"},
	{"revert", "bring back earlier revision"}, {"undo change", "bring back revision"}, {"postgres", "postgresql database"}, {"sql", "database"},
	{"dump", "backup database"}, {"disaster", "restore backup"}, {"recover", "restore"}, {"migrate server", "moving server"}, {"host", "server"},
	{"machine", "server"}, {"hostname", "public url"}, {"domain name", "public url"}, {"url", "public url"}, {"reverse", "proxy"},
	{"nginx", "proxy"}, {"haproxy", "proxy"},
	{"load balancer", "proxy"}, {"cluster", "several processes"}, {"replica", "several processes"}, {"ha", "several processes"},
	{"high availability", "several processes"}, {"docker", "docker compose"}, {"podman", "container"}, {"uninstall", "removing purge"},
	{"helm", "chart"}, {"k8s", "kubernetes"}, {"healthcheck", "ready healthz"}, {"health", "ready readyz"},
	{"probe", "ready readyz"}, {"kubernetes", "ready readyz processes"}, {"monitoring", "ready readyz"}, {"encryption key", "secret key"},
	{"master key", "secret key"}, {"terraform", "configuration code"}, {"yaml", "configuration code"}, {"gitops", "configuration code"},
	{"git", "configuration code"}, {"automation", "configuration code"}, {"outage", "signon down"}, {"down", "signon down"},
	{"break glass", "signon down"}, {"emergency", "signon down"}, {"bypass", "auth_fallback"}, {"disable", "suspend deactivate"},
	// People and groups.
	{"region", "identity source"}, {"region move", "identity source new"}, {"region change", "identity source new"},
	{"account move", "identity source new"},
	{"migrate directory", "identity source"}, {"identity store", "identity source"}, {"recreated", "new deleted"}, {"recreate", "new deleted"},
	{"link exist", "link users nobody linked"}, {"link", "linked"}, {"merge", "link"}, {"match", "link username"}, {"existing", "link username"},
	{"duplicate", "username use already"}, {"collision", "username use already"}, {"conflict", "username use already"}, {"employee", "user person"},
	{"staff", "user person"}, {"offboard", "leaves deactivate"}, {"fired", "leaves deactivate"}, {"quit", "leaves deactivate"},
	{"leaver", "leaves deactivate"},
	{"leav", "deactivate"}, {"remove user", "deactivate"}, {"delete user", "deactivate"}, {"onboard", "add user"}, {"joiner", "new user"},
	{"role", "roles"}, {"permission", "roles groups"}, {"permissions", "roles groups"}, {"privilege", "roles"}, {"readonly", "viewer"},
	{"read only", "viewer"},
	{"superuser", "owner"}, {"root", "owner"}, {"spreadsheet", "csv file"}, {"excel", "csv file"}, {"bulk", "many csv"}, {"mass", "many"},
	{"upload users", "import csv"}, {"ldap", "directory"}, {"scim", "identity directory"}, {"entra", "identity source"},
	{"azure", "entra"}, {"okta", "identity source"},
	{"jit", "just time"}, {"automatic", "just time"}, {"automatically", "just time"}, {"provision", "provisioning"}, {"autoprovision", "just time"},
	{"membership", "group"}, {"assign group", "rule group"}, {"gdpr", "person data"}, {"privacy", "person data"}, {"rename", "username changed"},
	{"renamed", "username changed"}, {"bot", "programs script"}, {"service account", "accounts programs script"}, {"robot", "programs script"},
	{"api", "programs script"}, {"cron", "programs script"}, {"ci", "programs script"},
	// Apps.
	{"confluence", "apps connect"}, {"jira", "apps connect"}, {"bitbucket", "apps connect"}, {"bamboo", "apps connect"}, {"atlassian", "apps"},
	{"oidc", "openid connect"}, {"oauth", "openid connect"}, {"sync", "synchronization"}, {"client secret", "secret app"}, {"jwks", "keys sign"},
	{"signing key", "keys sign apps"}, {"compromised", "stolen"}, {"leaked", "stolen"}, {"leak", "stolen"}, {"hacked", "stolen"},
	{"breach", "stolen"},
	// Pages.
	{"log", "logins audit"}, {"logs", "logins audit"}, {"history", "audit"}, {"who changed", "audit"}, {"retention", "days keep"},
	{"branding", "name logo"},
	{"brand", "name logo"}, {"customize", "name logo people read"}, {"wizard", "setup step"}, {"guest", "setup link"}, {"contractor", "setup link"},
	{"colleague", "setup link"}, {"preview", "try rule"}, {"dry run", "try plan"}, {"simulate", "test try"}, {"glossary", "words"},
	{"terminology", "words"},
	{"meaning", "words means"}, {"definition", "words means"}, {"requirements", "start"}, {"prerequisites", "start"}, {"prerequisite", "start"},
	{"publish", "golive"}, {"activate connection", "golive"}, {"production", "golive"}, {"deploy", "golive"}, {"overview", "is"},
}

func readSynonyms() []synonym {
	var all []synonym
	for _, row := range synonymTable {
		all = append(all, synonym{words: stems(row[0]), means: terms(row[1])})
	}
	return all
}
