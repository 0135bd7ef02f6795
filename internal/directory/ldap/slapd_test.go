package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/peertest"
)

// settingsOf are how a slapd of the tests is read.
func settingsOf(s *peertest.Slapd) model.LDAPSettings {
	return model.LDAPSettings{URLs: []string{s.TLSURL}, CA: string(s.Authority.PEM), BindDN: peertest.SlapdReader, Vendor: model.VendorAuto,
		Base: peertest.SlapdBase, Groups: model.LDAPGroups{Nested: true}}
}

func newReader(t testing.TB, settings model.LDAPSettings, password string) *Reader {
	t.Helper()
	r, err := New(settings, password)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readAll(t testing.TB, settings model.LDAPSettings) model.Reading {
	t.Helper()
	reading, err := newReader(t, settings, peertest.SlapdPassword).Read(t.Context(), func(int, int) {})
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return reading
}

// refusalOf is why a reading failed.
func refusalOf(t testing.TB, r *Reader) *directory.ReadError {
	t.Helper()
	reading, err := r.Read(t.Context(), func(int, int) {})
	var refusal *directory.ReadError
	if !errors.As(err, &refusal) {
		t.Fatalf("want a ReadError, got %v", err)
	}
	if len(reading.People) > 0 || len(reading.Groups) > 0 {
		t.Errorf("something was handed out of a reading that failed: %d people", len(reading.People))
	}
	if refusal.Detail == "" || strings.Contains(refusal.Detail+refusal.Remedy, "secret") {
		t.Errorf("the words are empty or hold the password: %q", refusal.Detail)
	}
	return refusal
}

func personLDIF(uid, more string) string {
	return fmt.Sprintf("dn: uid=%[1]s,ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: %[1]s\ncn: %[1]s\nsn: %[1]s\n%s\n", uid, more)
}

const unitsLDIF = `dn: ou=people,dc=example,dc=test
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=test
objectClass: organizationalUnit
ou: groups

`

func groupLDIF(cn string, members ...string) string {
	text := fmt.Sprintf("dn: cn=%[1]s,ou=groups,dc=example,dc=test\nobjectClass: groupOfNames\ncn: %[1]s\n", cn)
	for _, m := range members {
		text += "member: " + m + "\n"
	}
	return text + "\n"
}

func uidDN(uid string) string { return "uid=" + uid + ",ou=people,dc=example,dc=test" }
func cnDN(cn string) string   { return "cn=" + cn + ",ou=groups,dc=example,dc=test" }

func personOf(t testing.TB, r model.Reading, username string) model.SourcePerson {
	t.Helper()
	for _, p := range r.People {
		if p.Username == username {
			return p
		}
	}
	t.Fatalf("%s was not read", username)
	return model.SourcePerson{}
}

func groupOf(t testing.TB, r model.Reading, name string) model.SourceGroup {
	t.Helper()
	for _, g := range r.Groups {
		if g.Name == name {
			return g
		}
	}
	t.Fatalf("the group %s was not read", name)
	return model.SourceGroup{}
}

// membersOf are the usernames of a group's members.
func membersOf(t testing.TB, r model.Reading, group string) []string {
	t.Helper()
	names := map[string]string{}
	for _, p := range r.People {
		names[p.StableID] = p.Username
	}
	members := []string{}
	for _, stable := range groupOf(t, r, group).Members {
		members = append(members, names[stable])
	}
	slices.Sort(members)
	return members
}

func TestReadsOpenLDAP(t *testing.T) {
	t.Parallel()
	s := peertest.StartSlapd(t, peertest.SlapdOptions{LDIF: unitsLDIF +
		personLDIF("ana", "givenName: Ana\nmail: ana@example.com\ndisplayName: Ana Ito\ntitle: Dr\ndepartmentNumber: 7\n") +
		personLDIF("ben", "pwdAccountLockedTime: 000001010000Z\n") +
		personLDIF("cem", "pwdAccountLockedTime: 20260101000000Z\n") +
		strings.Replace(personLDIF("dana", ""), "uid: dana\n", "uid: alias\nuid: dana\nuid: zed\n", 1) +
		personLDIF("eva", "mail: z@example.com\nmail: a@example.com\n") +
		groupLDIF("staff", uidDN("ana"), cnDN("inner")) +
		groupLDIF("inner", "UID=ben , OU=People,dc=Example,dc=test", cnDN("staff")) +
		groupLDIF("gone", uidDN("nobody"))})
	r := readAll(t, settingsOf(s))

	if len(r.People) != 5 || len(r.Groups) != 3 || !r.GroupsRead || !strings.HasSuffix(r.Server, ", OpenLDAP") {
		t.Errorf("read %d people, %d groups from %q", len(r.People), len(r.Groups), r.Server)
	}
	ana := personOf(t, r, "ana")
	if ana.Email != "ana@example.com" || ana.FirstName != "Ana" || ana.LastName != "ana" || ana.DisplayName != "Ana Ito" || ana.Says != model.SaysAll ||
		!ana.Enabled || ana.Place != "ou=people,dc=example,dc=test" || ana.Attributes["title"][0] != "Dr" || len(ana.StableID) != 36 {
		t.Errorf("ana is %+v", ana)
	}
	if ben := personOf(t, r, "ben"); ben.Enabled || ben.Why != "pwdAccountLockedTime 000001010000Z" || ben.Says.Has(model.SaysEmail) {
		t.Errorf("ben, locked by an administrator, is %+v", ben)
	}
	if cem := personOf(t, r, "cem"); !cem.Enabled {
		t.Errorf("cem, locked out for a while, is disabled: %s", cem.Why)
	}
	personOf(t, r, "dana") // of three values the one in the name
	if eva := personOf(t, r, "eva"); eva.Email != "a@example.com" {
		t.Errorf("eva's address is %q", eva.Email)
	}
	for group, want := range map[string][]string{"staff": {"ana", "ben"}, "inner": {"ana", "ben"}, "gone": {}} {
		if got := membersOf(t, r, group); !slices.Equal(got, want) {
			t.Errorf("%s has %v, want %v", group, got, want)
		}
	}
	for _, want := range []string{"1 person has several values of mail", "1 member of a group is neither"} {
		if !slices.ContainsFunc(r.Remarks, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("no remark %q in %q", want, r.Remarks)
		}
	}

	flat := settingsOf(s)
	flat.Groups.Nested = false
	if got := membersOf(t, readAll(t, flat), "staff"); !slices.Equal(got, []string{"ana"}) {
		t.Errorf("without groups in groups, staff has %v", got)
	}
}

// OpenLDAP gave 500 of 3,204 people and code 4: a partial answer looks like an answer.
func TestRow22PartialAnswerIsNoReading(t *testing.T) {
	t.Parallel()
	ldif := strings.Builder{}
	ldif.WriteString(unitsLDIF)
	for i := range 3204 {
		ldif.WriteString(personLDIF(fmt.Sprintf("u%05d", i), ""))
	}
	s := peertest.StartSlapd(t, peertest.SlapdOptions{LDIF: ldif.String()})
	pages, last := 0, 0
	reading, err := newReader(t, settingsOf(s), peertest.SlapdPassword).Read(t.Context(), func(people, _ int) { pages, last = pages+1, people })
	if err != nil || len(reading.People) != 3204 || last != 3204 || pages < 7 {
		t.Errorf("read %d of 3,204 people in %d pages (%d told): %v", len(reading.People), pages, last, err)
	}

	limited := settingsOf(s)
	limited.BindDN = peertest.SlapdLimited
	if e := refusalOf(t, newReader(t, limited, peertest.SlapdPassword)); e.Reason != "size_limit" || !e.Incomplete || e.Remedy == "" {
		t.Errorf("cut off at 500, but said %q, incomplete %t", e.Reason, e.Incomplete)
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	good := peertest.StartSlapd(t, peertest.SlapdOptions{})
	other := peertest.StartSlapd(t, peertest.SlapdOptions{Leaf: peertest.LeafOptions{Names: []string{"ldap.example.test"}}})
	old := peertest.StartSlapd(t, peertest.SlapdOptions{Leaf: peertest.LeafOptions{Expired: true}})
	for name, test := range map[string]struct {
		server *peertest.Slapd
		change func(*model.LDAPSettings)
		reason string // empty: is read
		say    string
	}{
		"by its authority":                 {good, func(*model.LDAPSettings) {}, "", ""},
		"StartTLS":                         {good, func(s *model.LDAPSettings) { s.URLs, s.StartTLS = []string{good.URL}, true }, "", ""},
		"by its fingerprint":               {good, func(s *model.LDAPSettings) { s.CA, s.Fingerprint = "", good.Leaf.Fingerprint }, "", ""},
		"by its fingerprint, another name": {other, func(s *model.LDAPSettings) { s.CA, s.Fingerprint = "", other.Leaf.Fingerprint }, "", ""},
		"another fingerprint":              {good, func(s *model.LDAPSettings) { s.Fingerprint = other.Leaf.Fingerprint }, "tls_fingerprint", good.Leaf.Fingerprint},
		"unknown authority":                {good, func(s *model.LDAPSettings) { s.CA = "" }, "tls_untrusted", "authority that is not trusted"},
		"unknown authority, StartTLS": {good, func(s *model.LDAPSettings) { s.URLs, s.CA, s.StartTLS = []string{good.URL}, "", true },
			"tls_untrusted", "authority"},
		"wrong name":            {other, func(*model.LDAPSettings) {}, "tls_name", "ldap.example.test"},
		"expired":               {old, func(*model.LDAPSettings) {}, "tls_expired", "has ended on"},
		"TLS on the plain port": {good, func(s *model.LDAPSettings) { s.URLs[0] = "ldaps" + good.URL[4:] }, "tls_not_spoken", "does not speak TLS"},
		"plain on the port of TLS": {good, func(s *model.LDAPSettings) {
			s.URLs[0], s.AllowPlain = strings.Replace(good.TLSURL, "ldaps:", "ldap:", 1), true
		}, "connection_lost", "ended the connection"},
		"plain, as an administrator allows": {good, func(s *model.LDAPSettings) { s.URLs[0], s.AllowPlain = good.URL, true }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settingsOf(test.server)
			test.change(&settings)
			r := newReader(t, settings, peertest.SlapdPassword)
			if test.reason == "" {
				if _, err := r.Read(t.Context(), func(int, int) {}); err != nil {
					t.Errorf("not read: %v", err)
				}
				return
			}
			e := refusalOf(t, r)
			if e.Reason != test.reason || !strings.Contains(e.Detail, test.say) || e.Remedy == "" || e.Incomplete {
				t.Errorf("said %s: %q, want %s with %q", e.Reason, e.Detail, test.reason, test.say)
			}
			var c *Certificate
			shows := slices.Contains([]string{"tls_fingerprint", "tls_untrusted", "tls_name", "tls_expired"}, test.reason)
			if got := errors.As(e, &c); got != shows ||
				shows && (c.SHA256 != test.server.Leaf.Fingerprint || c.Issuer != "CN=Authority of a test" || c.NotAfter.IsZero()) {
				t.Errorf("the certificate to compare is %+v", c)
			}
		})
	}
}

// Without a word of an administrator nothing is sent in the clear.
func TestRow22PlainOnlyByChoice(t *testing.T) {
	t.Parallel()
	settings := model.LDAPSettings{URLs: []string{"ldap://127.0.0.1:1"}, BindDN: "cn=reader", Vendor: model.VendorAuto}
	_, err := New(settings, "x")
	var refusal *directory.ReadError
	if !errors.As(err, &refusal) || refusal.Reason != "settings_plain" {
		t.Errorf("plain was accepted: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := peertest.StartSlapd(t, peertest.SlapdOptions{LDIF: unitsLDIF + personLDIF("ana", "")})
	strict := peertest.StartSlapd(t, peertest.SlapdOptions{RequireTLS: true})
	for name, test := range map[string]struct {
		change   func(*model.LDAPSettings)
		password string
		reason   string
	}{
		"no password":        {func(*model.LDAPSettings) {}, "", "settings_password"},
		"no account":         {func(s *model.LDAPSettings) { s.BindDN = "" }, "secret", "settings_account"},
		"wrong password":     {func(s *model.LDAPSettings) { s.BindDN = peertest.SlapdBlind }, "wrong", "bind_refused"},
		"unknown account":    {func(s *model.LDAPSettings) { s.BindDN = "cn=nobody,dc=example,dc=test" }, "secret", "bind_refused"},
		"mistyped account":   {func(s *model.LDAPSettings) { s.BindDN = "reader" }, "secret", "invalid_name"},
		"outside base":       {func(s *model.LDAPSettings) { s.Base = "dc=other,dc=test" }, "secret", "no_base"},
		"base that is gone":  {func(s *model.LDAPSettings) { s.Base = "ou=gone,dc=example,dc=test" }, "secret", "no_base"},
		"no right":           {func(s *model.LDAPSettings) { s.BindDN = peertest.SlapdBlind }, "secret", "no_base"},
		"encryption":         {func(s *model.LDAPSettings) { s.URLs, s.AllowPlain = []string{strict.URL}, true }, "secret", "encryption_required"},
		"nobody there":       {func(s *model.LDAPSettings) { s.URLs = []string{"ldaps://127.0.0.1:1"} }, "secret", "refused"},
		"no such name":       {func(s *model.LDAPSettings) { s.URLs = []string{"ldaps://nowhere.invalid"} }, "secret", "name_unknown"},
		"no base, as it has": {func(s *model.LDAPSettings) { s.Base = "" }, "secret", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := settingsOf(s)
			test.change(&settings)
			r := newReader(t, settings, test.password)
			if test.reason == "" {
				if _, err := r.Read(t.Context(), func(int, int) {}); err != nil {
					t.Error(err)
				}
				return
			}
			if e := refusalOf(t, r); e.Reason != test.reason || e.Remedy == "" {
				t.Errorf("said %s: %q, want %s", e.Reason, e.Detail, test.reason)
			}
		})
	}
}

// A locked account is told apart from a wrong password by the policy's control only.
func TestLockedAccount(t *testing.T) {
	t.Parallel()
	s := peertest.StartSlapd(t, peertest.SlapdOptions{})
	for range 3 {
		if e := refusalOf(t, newReader(t, settingsOf(s), "wrong")); e.Reason != "bind_refused" {
			t.Errorf("said %s", e.Reason)
		}
	}
	if e := refusalOf(t, newReader(t, settingsOf(s), peertest.SlapdPassword)); e.Reason != "bind_locked" {
		t.Errorf("locked, but said %s: %s", e.Reason, e.Detail)
	}
}

// The first server that answers is read; one that does not is told of.
func TestNextServer(t *testing.T) {
	t.Parallel()
	s := peertest.StartSlapd(t, peertest.SlapdOptions{LDIF: unitsLDIF + personLDIF("ana", "")})
	settings := settingsOf(s)
	settings.URLs = []string{"ldaps://127.0.0.1:1", s.TLSURL}
	r := readAll(t, settings)
	if !strings.HasPrefix(r.Server, s.TLSURL) || len(r.People) != 1 || !slices.ContainsFunc(r.Remarks, func(s string) bool {
		return strings.Contains(s, "Nobody answers at 127.0.0.1:1")
	}) {
		t.Errorf("read from %s, remarks %q", r.Server, r.Remarks)
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	s := peertest.StartSlapd(t, peertest.SlapdOptions{LDIF: unitsLDIF + personLDIF("ana", "")})
	ctx, cancel := context.WithCancel(t.Context())
	_, err := newReader(t, settingsOf(s), peertest.SlapdPassword).Read(ctx, func(int, int) { cancel() })
	var refusal *directory.ReadError
	if !errors.As(err, &refusal) || refusal.Reason != "stopped" || !errors.Is(err, context.Canceled) {
		t.Errorf("stopped, but %v", err)
	}
}

// asAdmin changes the directory.
func asAdmin(t testing.TB, s *peertest.Slapd) *ldap.Conn {
	t.Helper()
	conn, err := ldap.DialURL(s.URL)
	if err == nil {
		conn.SetTimeout(time.Minute)
		err = conn.Bind(peertest.SlapdAdmin, peertest.SlapdPassword)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
