package configdoc_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/configdoc"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func TestSourcesOfADocument(t *testing.T) {
	t.Parallel()
	const entra = "version: 1\nsources:\n  - {slug: entra, kind: scim, name: Entra, status: live}\n"
	for name, c := range map[string]struct {
		sources string
		want    string // lines of the plan, or a part of a problem
	}{
		"left out is paused": {"[{slug: corp-ad}]", "source the-aws-people: status draft → paused"},
		"no list":            {"[{slug: corp-ad}, {slug: the-aws-people}]", ""},
		"a change in a nested setting": {"[{slug: corp-ad, ldap: {users: {id: uid}}}, {slug: the-aws-people}]",
			"source corp-ad: ldap.users.id \"\" → uid"},
		"a map":             {"[{slug: corp-ad, groups: {map: {a: b}}}, {slug: the-aws-people}]", "source corp-ad: groups.map {Their group: our-group} → {a: b}"},
		"another kind":      {"[{slug: corp-ad, kind: aws}, {slug: the-aws-people}]", "is of kind ldap, which stays"},
		"a limit too high":  {"[{slug: corp-ad, limits: {rename_percent: 101}}]", "must be a whole number from 0 to 100"},
		"an interval":       {"[{slug: corp-ad, interval: 1m}]", "must be from 5m to 24h"},
		"live and unusable": {"[{slug: corp-ad, status: live, ldap: {urls: [\"http://x\"]}}]", "ldaps://"},
		"an unknown key":    {"[{slug: corp-ad, ldap: {password: x}}]", "unknown key"},
		"no kind":           {"[{slug: new}]", "a new source needs its kind"},
		"no connection":     {"[{slug: the-aws-people, connection: nowhere}]", "connection “nowhere” does not exist"},
		"a prefix":          {"[{slug: corp-ad, groups: {mode: prefix}}]", "needs a prefix"},
		"a group's name":    {"[{slug: corp-ad, groups: {map: {a: b/c}}}]", "must not contain"},
	} {
		document, problems := configdoc.Parse([]byte("version: 1\nsources: "+c.sources+"\n"), nil)
		got := problems.Error()
		if document != nil {
			changes, err := document.Plan(full(t))
			var lines []string
			for _, change := range changes {
				lines = append(lines, change.String())
			}
			got = strings.Join(lines, "\n")
			if err != nil {
				got = err.Error()
			}
		}
		if got != c.want && (c.want == "" || strings.Contains(c.want, " → ") || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	st := storetest.OpenPool(t)
	apply(t, st, entra)
	src, err := st.Source(t.Context(), "entra")
	if err != nil || src.Status != model.SourceLive || src.Kind != model.SourceSCIM || !src.Create || src.Interval != 0 {
		t.Errorf("%+v, %v", src, err)
	}
	apply(t, st, "version: 1\nsources: []\n")
	if src, err := st.Source(t.Context(), "entra"); err != nil || src.Status != model.SourcePaused {
		t.Errorf("%+v, %v", src, err)
	}
	if got := apply(t, st, "version: 1\n"); len(got) != 0 {
		t.Errorf("a document without sources: %v", got)
	}
}

// Security, row 22: what changes where a password or a signed request goes, or whom it is
// trusted to, stands in the plan, each setting by its name.
func TestRow22APlanNamesWhereASourceIsRead(t *testing.T) {
	t.Parallel()
	fingerprint := strings.Repeat("ab", 32)
	ca := "\"-----BEGIN CERTIFICATE-----\\n\""
	for settings, want := range map[string]string{
		"corp-ad, ldap: {urls: [\"ldaps://evil.example.com\"]}":                 "ldap.urls [ldaps://dc1.example.com:636] → [ldaps://evil.example.com]",
		"corp-ad, ldap: {start_tls: true}":                                      "ldap.start_tls false → true",
		"corp-ad, ldap: {allow_plain: true}":                                    "ldap.allow_plain false → true",
		"corp-ad, ldap: {fingerprint: " + fingerprint + "}":                     "ldap.fingerprint \"\" → " + fingerprint,
		"corp-ad, ldap: {ca: " + ca + "}":                                       "ldap.ca \"\" → ",
		"the-aws-people, aws: {endpoint: \"https://x.example.com\"}":            "aws.endpoint \"\" → https://x.example.com",
		"the-aws-people, aws: {role_arn: \"arn:aws:iam::123456789012:role/a\"}": "aws.role_arn \"\" → arn:aws:iam::123456789012:role/a",
		"the-aws-people, aws: {from_surroundings: false}":                       "aws.from_surroundings true → false",
	} {
		other := "{slug: the-aws-people}"
		if strings.HasPrefix(settings, "the-aws-people") {
			other = "{slug: corp-ad}"
		}
		slug, _, _ := strings.Cut(settings, ",")
		lines := planned(t, "version: 1\nsources: [{slug: "+settings+"}, "+other+"]\n", full(t))
		if len(lines) != 1 || !strings.HasPrefix(lines[0], "source "+slug+": "+want) {
			t.Errorf("%s: %q, want %q", settings, lines, want)
		}
	}
}
