package ldap

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/peertest"
)

// domain is Samba with an administrator's connection.
type domain struct {
	*peertest.Samba
	t    testing.TB
	conn *ldap.Conn
}

const (
	accountPassword = "Secr3t!reader"
	readerAccount   = "ADTEST\\reader"
)

func startDomain(t testing.TB) *domain {
	t.Helper()
	s := peertest.StartSamba(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.Authority.PEM)
	conn, err := ldap.DialURL(s.TLSURL, ldap.DialWithTLSConfig(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.Bind(peertest.SambaAdmin, peertest.SambaPassword); err != nil {
		t.Fatal(err)
	}
	d := &domain{Samba: s, t: t, conn: conn}
	d.add("OU=Staff,"+peertest.SambaBase, "organizationalUnit", nil)
	return d
}

func (d *domain) add(dn, class string, attributes map[string][]string) {
	d.t.Helper()
	request := ldap.NewAddRequest(dn, nil)
	request.Attribute("objectClass", []string{class})
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	if err := d.conn.Add(request); err != nil {
		d.t.Fatalf("add %s: %v", dn, err)
	}
}

func (d *domain) set(dn, attribute string, values ...string) {
	d.t.Helper()
	request := ldap.NewModifyRequest(dn, nil)
	request.Replace(attribute, values)
	if err := d.conn.Modify(request); err != nil {
		d.t.Fatalf("set %s of %s: %v", attribute, dn, err)
	}
}

// user makes an account with the password, and returns its distinguished name.
func (d *domain) user(rdn, account string, more map[string][]string) string {
	d.t.Helper()
	dn := rdn + ",OU=Staff," + peertest.SambaBase
	attributes := map[string][]string{"sAMAccountName": {account}, "unicodePwd": {quotedUTF16(accountPassword)}, "userAccountControl": {"512"}}
	for name, values := range more {
		attributes[name] = values
	}
	d.add(dn, "user", attributes)
	return dn
}

func (d *domain) group(name string, members ...string) string {
	d.t.Helper()
	dn := "CN=" + name + ",OU=Staff," + peertest.SambaBase
	attributes := map[string][]string{"sAMAccountName": {name}}
	if len(members) > 0 {
		attributes["member"] = members
	}
	d.add(dn, "group", attributes)
	return dn
}

// attribute is the first value, as bytes.
func (d *domain) attribute(dn, name string) string {
	d.t.Helper()
	result, err := d.conn.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{name}, nil))
	if err != nil || len(result.Entries) != 1 {
		d.t.Fatalf("read %s: %v", dn, err)
	}
	return result.Entries[0].GetAttributeValue(name)
}

func quotedUTF16(s string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(`"` + s + `"`)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return string(b)
}

func (d *domain) settings() model.LDAPSettings {
	return model.LDAPSettings{URLs: []string{d.TLSURL}, CA: string(d.Authority.PEM), BindDN: readerAccount, Vendor: model.VendorAuto,
		Groups: model.LDAPGroups{Nested: true}}
}

func TestActiveDirectory(t *testing.T) {
	t.Parallel()
	d := startDomain(t)
	d.user("CN=reader", "reader", nil)
	ana := d.user("CN=Ana Ito", "ana", map[string][]string{"mail": {"ana@example.com"}, "givenName": {"Ana"}, "sn": {"Ito"}, "department": {"IT"}})
	jane := d.user(`CN=Doe\, Jane \+ Söhne \"x\"`, "jane", map[string][]string{"proxyAddresses": {"smtp:old@example.com", "SMTP:jane@example.com"}})
	d.user("CN=off", "off", map[string][]string{"userAccountControl": {"514"}})
	d.user("CN=over", "over", map[string][]string{"accountExpires": {"132539328000000000"}}) // 2021
	must := d.user("CN=must", "must", nil)
	d.set(must, "pwdLastSet", "0")
	d.add("CN=contact,OU=Staff,"+peertest.SambaBase, "contact", nil)
	d.add("CN=PC1,OU=Staff,"+peertest.SambaBase, "computer", map[string][]string{"sAMAccountName": {"PC1$"}})
	inner := d.group("inner", jane)
	outer := d.group("outer", inner, ana)
	d.set(inner, "member", jane, outer) // a loop
	main := d.group("main", ana)
	groupSID := sid(d.attribute(main, "objectSid"))
	d.set(ana, "primaryGroupID", groupSID[strings.LastIndexByte(groupSID, '-')+1:]) // and out of the list of members

	t.Run("reading", func(t *testing.T) {
		t.Parallel()
		r := readDomain(t, d.settings())
		if !strings.HasSuffix(r.Server, "Active Directory (Samba)") || len(r.People) != 10 { // four of the domain are there already
			t.Errorf("read %d people from %q", len(r.People), r.Server)
		}
		p := personOf(t, r, "ana")
		raw := d.attribute(ana, "objectGUID")
		if p.StableID != guid(raw) || !slices.Equal(p.ForeignIDs, []string{p.StableID}) || p.Email != "ana@example.com" || p.DisplayName != "Ana Ito" ||
			p.Place != "OU=Staff,"+peertest.SambaBase || !p.Enabled || p.Attributes["department"][0] != "IT" || p.Says != model.SaysAll {
			t.Errorf("ana is %+v", p)
		}
		if p := personOf(t, r, "jane"); p.Email != "jane@example.com" || p.DisplayName != `Doe, Jane + Söhne "x"` {
			t.Errorf("jane is %+v", p)
		}
		for name, why := range map[string]string{"off": "userAccountControl 514", "over": "accountExpires 2021-01-01", "must": "", "jane": "",
			"krbtgt": "userAccountControl 514"} {
			if p := personOf(t, r, name); p.Why != why || p.Enabled != (why == "") {
				t.Errorf("%s: enabled %t, %q, want %q", name, p.Enabled, p.Why, why)
			}
		}
		for group, want := range map[string][]string{"outer": {"ana", "jane"}, "inner": {"ana", "jane"}, "main": {"ana"}} {
			if got := membersOf(t, r, group); !slices.Equal(got, want) {
				t.Errorf("%s has %v, want %v", group, got, want)
			}
		}
		for person, group := range map[string]string{jane: "CN=Domain Users,CN=Users," + peertest.SambaBase, ana: main} {
			if member := d.attribute(group, "member"); strings.EqualFold(member, person) {
				t.Errorf("%s lists %s, so it shows nothing about primary groups", group, member)
			}
		}
		if got := membersOf(t, r, "Domain Users"); !slices.Contains(got, "jane") {
			t.Errorf("Domain Users, a primary group, has %v", got)
		}
	})
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		r := readDomain(t, d.settings())
		waiting := newReader(t, d.settings(), accountPassword)
		waiting.patience.login = waiting.patience.operation // this machine may be slow
		for _, name := range []string{"ana", "jane"} {
			whole := personOf(t, r, name)
			for _, who := range []string{strings.ToUpper(name), whole.StableID} {
				one, err := waiting.ReadOne(t.Context(), who)
				if err != nil || !one.Found || one.Person.Digest() != whole.Digest() {
					t.Errorf("%s: %+v, %v", who, one.Person, err)
				}
				if want := groupsWith(r, whole.StableID); !slices.Equal(one.Groups, want) {
					t.Errorf("%s is in %v, and the whole reading says %v", who, one.Groups, want)
				}
			}
		}
		for _, who := range []string{"nobody", "*", "ana)(cn=*", ""} {
			if one, err := waiting.ReadOne(t.Context(), who); err != nil || one.Found {
				t.Errorf("%q was found: %+v, %v", who, one, err)
			}
		}
	})
	for name, test := range map[string]struct {
		account, password, reason string
	}{
		"wrong password":       {readerAccount, "wrong", "bind_refused"},
		"unknown":              {`ADTEST\nobody`, accountPassword, "bind_refused"},
		"bare name":            {"reader", accountPassword, "bind_refused"},
		"disabled":             {`ADTEST\off`, accountPassword, "bind_disabled"},
		"disabled, wrong":      {`ADTEST\off`, "wrong", "bind_refused"},
		"expired":              {"over@" + peertest.SambaRealm, accountPassword, "bind_expired"},
		"must change":          {`ADTEST\must`, accountPassword, "bind_must_change"},
		"by name and domain":   {"reader@" + peertest.SambaRealm, accountPassword, ""},
		"distinguished name":   {"CN=reader,OU=Staff," + peertest.SambaBase, accountPassword, ""},
		"strange but its name": {jane, accountPassword, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := d.settings()
			settings.BindDN = test.account
			r := newReader(t, settings, test.password)
			if test.reason == "" {
				if _, err := r.Read(t.Context(), func(int, int) {}); err != nil {
					t.Error(err)
				}
				return
			}
			if e := refusalOf(t, r); e.Reason != test.reason {
				t.Errorf("said %s: %q, want %s", e.Reason, e.Detail, test.reason)
			}
		})
	}
	t.Run("without encryption", func(t *testing.T) {
		t.Parallel()
		settings := d.settings()
		settings.URLs, settings.AllowPlain = []string{d.URL}, true
		if e := refusalOf(t, newReader(t, settings, accountPassword)); e.Reason != "encryption_required" || e.Incomplete {
			t.Errorf("said %s: %q", e.Reason, e.Detail)
		}
		settings.StartTLS = true
		readDomain(t, settings)
	})
	t.Run("steps", func(t *testing.T) {
		t.Parallel()
		tested := newReader(t, d.settings(), accountPassword).Test(t.Context())
		if got := statesOf(tested); got != "reach:ok tls:ok bind:ok base:ok person:ok group:ok" || len(tested.Sample) != 5 ||
			!strings.HasSuffix(tested.Server, "Active Directory (Samba)") {
			t.Errorf("%s, %d people, %q: %+v", got, len(tested.Sample), tested.Server, tested.Steps)
		}
	})
}

func readDomain(t testing.TB, settings model.LDAPSettings) model.Reading {
	t.Helper()
	reading, err := newReader(t, settings, accountPassword).Read(t.Context(), func(int, int) {})
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return reading
}

// groupsWith are the stable ids of the groups that a reading has somebody in.
func groupsWith(r model.Reading, person string) []string {
	var ids []string
	for _, g := range r.Groups {
		if slices.Contains(g.Members, person) {
			ids = append(ids, g.StableID)
		}
	}
	slices.Sort(ids)
	return ids
}

// statesOf are the steps of a test in one line.
func statesOf(tested Tested) string {
	var states []string
	for _, s := range tested.Steps {
		states = append(states, fmt.Sprintf("%s:%s", s.Name, s.State))
	}
	return strings.Join(states, " ")
}
