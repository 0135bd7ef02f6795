package help_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/web/help"
)

// questions are what administrators type, each with the pages of the guide of which
// one must come among the first three that are found.
var questions = [][]string{
	// As people who run such things put it.
	{"certificate expires", "certificates"},
	{"lost passkey", "administrators"},
	{"upgrade", "upgrading"},
	{"logout", "administrators"},
	{"clock skew", "when-somebody-cannot-sign-in"},
	{"bad audience", "when-somebody-cannot-sign-in"},
	{"move region", "people-made-anew"},
	{"link existing users", "people-made-anew"},
	{"renew certificate", "certificates"},
	{"certificate rotation", "certificates"},
	{"forgot password", "administrators"},
	{"locked out of console", "administrators"},
	{"restore backup", "running-it"},
	{"how do I back up the database", "running-it"},
	{"reverse proxy", "running-it"},
	{"rotate secret key", "running-it"},
	{"migrate to another server", "running-it"},
	{"health check", "running-it", "install-container"},
	{"rollback", "upgrading", "going-live-and-back"},
	{"undo import", "setup-by-hand", "users-and-groups"},
	{"import users from csv", "setup-by-hand", "users-and-groups", "setup-from-a-directory"},
	{"employee leaves the company", "leavers", "setup-just-in-time", "setup-by-hand", "setup-from-a-directory", "users-and-groups"},
	{"deactivate user", "users-and-groups", "setup-just-in-time", "setup-by-hand"},
	{"user deleted and recreated in AWS", "people-made-anew", "setup-just-in-time"},
	{"change identity source to Entra ID", "people-made-anew"},
	{"connect Confluence", "apps"},
	{"jira groups missing", "apps", "setup-just-in-time", "rules"},
	{"crowd directory", "apps"},
	{"service account for scripts", "apps"},
	{"assign groups automatically", "rules"},
	{"LDAP", "setup-from-a-directory"},
	{"email notifications", "certificates"},
	{"AWS outage", "when-single-sign-on-is-down"},
	{"emergency access", "when-single-sign-on-is-down"},
	{"terraform", "configuration-as-code"},
	{"audit log", "administrators"},
	{"read only administrator", "administrators"},
	{"session timeout", "administrators"},
	{"what does revision mean", "words"},
	{"prerequisites", "before-you-start"},

	// The same and others in other words.
	{"cert about to expire", "certificates"},
	{"expired signing cert", "certificates"},
	{"my yubikey broke", "administrators"},
	{"new phone, cannot sign in to the console", "administrators"},
	{"update to a newer version", "upgrading"},
	{"how to install a new release", "upgrading"},
	{"downgrade", "upgrading"},
	{"sign everybody out", "administrators"},
	{"time is wrong on server", "when-somebody-cannot-sign-in"},
	{"NTP drift", "when-somebody-cannot-sign-in"},
	{"wrong entity id", "when-somebody-cannot-sign-in"},
	{"audience mismatch", "when-somebody-cannot-sign-in"},
	{"user cannot log in", "when-somebody-cannot-sign-in"},
	{"access denied", "when-somebody-cannot-sign-in"},
	{"signature verification failed", "when-somebody-cannot-sign-in"},
	{"replay attack", "when-somebody-cannot-sign-in"},
	{"sign in from AWS access portal tile", "when-somebody-cannot-sign-in"},
	{"duplicate username", "when-somebody-cannot-sign-in", "people-made-anew", "setup-just-in-time"},
	{"we moved IAM Identity Center to a different region", "people-made-anew"},
	{"match existing accounts with AWS people", "people-made-anew", "setup-from-a-directory"},
	{"merge accounts", "people-made-anew"},
	{"offboarding", "leavers", "sources", "setup-just-in-time", "setup-by-hand", "setup-from-a-directory", "users-and-groups"},
	{"upload spreadsheet", "setup-by-hand"},
	{"excel columns", "setup-by-hand"},
	{"just-in-time provisioning", "setup-just-in-time", "setting-up"},
	{"who changed the settings", "administrators"},
	{"require mfa for admins", "administrators"},
	{"brute force protection", "administrators"},
	{"company logo", "administrators"},
	{"retention of logs", "administrators"},
	{"postgres password role", "running-it", "upgrading"},
	{"nginx", "running-it"},
	{"kubernetes readiness probe", "running-it"},
	{"high availability", "upgrading", "running-it"},
	{"lost encryption key", "running-it"},
	{"disaster recovery", "running-it"},
	{"send instructions to a colleague who has AWS access", "setup-link", "certificates", "before-you-start"},
	{"signing key compromised", "apps"},
	{"client secret leaked", "apps"},
	{"publish draft", "going-live-and-back"},

	// What somebody types at night.
	{"webhook secret", "certificates"},
	{"verify webhook signature", "certificates"},
	{"database is down", "running-it"},
	{"503 service unavailable", "running-it"},
	{"run two instances", "running-it"},
	{"load balancer", "running-it"},
	{"time zone", "running-it"},
	{"acs url trailing slash", "when-somebody-cannot-sign-in"},
	{"acs and audience swapped", "when-somebody-cannot-sign-in"},
	{"same answer twice", "when-somebody-cannot-sign-in"},
	{"double click", "when-somebody-cannot-sign-in"},
	{"back button refused", "when-somebody-cannot-sign-in"},
	{"relay state", "when-somebody-cannot-sign-in"},
	{"RelayState lost", "when-somebody-cannot-sign-in"},
	{"everybody is refused since this morning", "when-somebody-cannot-sign-in", "when-single-sign-on-is-down", "certificates"},
	{"disk full", "running-it"},
	{"postern does not start", "running-it"},
	{"readyz", "running-it"},
	{"pg_dump", "running-it"},
	{"docker image", "install-container"},
	{"docker compose", "install-container"},
	{"podman", "install-container"},
	{"container registry", "install-container"},
	{"helm chart", "install-kubernetes"},
	{"install on kubernetes", "install-kubernetes"},
	{"kubectl secret", "install-kubernetes"},
	{"systemd service", "install-debian"},
	{"apt install", "install-debian"},
	{"debian package", "install-debian"},
	{"uninstall", "install-debian"},
	{"secret.key lost", "running-it"},
	{"jira login page without sso", "when-single-sign-on-is-down"},
	{"suspend connection", "when-single-sign-on-is-down", "going-live-and-back"},
	{"reset admin password", "administrators", "when-single-sign-on-is-down"},
	{"new certificate from AWS not trusted", "certificates"},
}

// Whoever asks in words of their own finds the page that answers.
func TestQuestionsLeadToTheirPages(t *testing.T) {
	t.Parallel()
	if len(questions) < 100 {
		t.Errorf("%d questions", len(questions))
	}
	for _, q := range questions {
		found, err := help.SearchGuide(q[0])
		if err != nil {
			t.Fatal(err)
		}
		var pages []string
		for _, h := range found.Hits[:min(3, len(found.Hits))] {
			page, _, _ := strings.Cut(strings.TrimPrefix(h.Href, "/help/"), "#")
			pages = append(pages, page)
		}
		if !slices.ContainsFunc(q[1:], func(want string) bool { return slices.Contains(pages, want) }) {
			t.Errorf("%q leads to %q, want one of %q", q[0], pages, q[1:])
		}
		if found.Meant != "" {
			t.Errorf("%q is taken for %q", q[0], found.Meant)
		}
	}
}
