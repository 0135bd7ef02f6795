package ldap

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"
)

// Names that are equal, however they are written.
func TestNamesAreCompared(t *testing.T) {
	t.Parallel()
	for name, same := range map[string][]string{
		"case":             {"cn=Ana Ito,ou=People,dc=x", "CN=ana ito,OU=PEOPLE,DC=X"},
		"blanks":           {"cn=Ana Ito,ou=People", "cn = Ana  Ito , ou=People ", "  CN=Ana Ito,  OU=  People"},
		"escaped comma":    {`cn=Doe\, Jane,dc=x`, `cn=Doe\2C Jane,dc=x`, `cn=Doe\2c\20Jane,dc=x`, `CN="Doe, Jane",DC=x`},
		"escaped letters":  {`cn=Jörg,dc=x`, `cn=J\c3\b6rg,dc=x`, `cn=J\C3\B6rg,dc=x`, "cn=JO\u0308RG,dc=x"},
		"every escape":     {`cn=\"\+\,\;\<\>\\\=\#x,dc=x`, `cn=\22\2b\2c\3b\3c\3e\5c\3d\23x,dc=x`, `cn="\"+,;<>\\=#x",dc=x`},
		"blank at ends":    {`cn=\20x\20,dc=x`, `cn=\ x\ ,dc=x`},
		"order of a level": {"cn=Jane+uid=j,dc=x", "uid=j+cn=Jane,dc=x", "UID=J + CN=jane,dc=x"},
		"semicolons":       {"cn=x;dc=y", "cn=x,dc=y", "cn=x ; dc=y"},
		"numbers":          {"2.5.4.3=x,0.9.2342.19200300.100.1.25=y", "OID.2.5.4.3=x,dc=y", "cn=x,DC=y", "commonName=x,domainComponent=y"},
		"encoded":          {"cn=#0c0178,dc=y", "cn=#040178,dc=y", "2.5.4.3=#130178,dc=y", "cn=x,dc=y"},
		"conflict of AD":   {`CN=x\0ACNF:1,DC=y`, `cn=x\0acnf:1,dc=y`},
		"sharp s":          {"cn=Straße,dc=x", "cn=STRASSE,dc=x"},
		"none":             {"", " "},
	} {
		first, err := parseName(same[0])
		if err != nil {
			t.Errorf("%s: %q: %v", name, same[0], err)
		}
		for _, other := range same[1:] {
			n, err := parseName(other)
			if err != nil || n.key != first.key {
				t.Errorf("%s: %q and %q are not one name: %q, %q, %v", name, same[0], other, first.key, n.key, err)
			}
		}
	}
}

// Names that are not equal stay apart.
func TestNamesStayApart(t *testing.T) {
	t.Parallel()
	apart := []string{"cn=a,dc=x", "cn=a,dc=y", "cn=a", "cn=a,dc=x,dc=y", "cn=b,dc=x", "uid=a,dc=x", `cn=a\,dc\=x`, `cn=a\+uid\=b,dc=x`, "cn=a+uid=b,dc=x",
		"cn=a,uid=b,dc=x",
		`cn=a\00,dc=x`, "cn=ab,dc=x", "cn=a b,dc=x", "cn=ä,dc=x", "cn=a#,dc=x", "", "cn=,dc=x", "not a name", "not another"}
	seen := map[string]string{}
	for _, s := range apart {
		if other, ok := seen[key(s)]; ok {
			t.Errorf("%q and %q are one name", s, other)
		}
		seen[key(s)] = s
	}
}

func TestNamesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"x", "=x", "cn=x,", ",cn=x", "cn=x,,dc=y", "cn=x+", "cn=x+,dc=y", `cn="x`, `cn="x"y,dc=z`, `cn=x\`, `cn=a"b`,
		"cn=#0", "cn=#zz", "cn=#",
		"c n=x\x00,", "cn", "cn=x,dc"} {
		if n, err := parseName(s); err == nil {
			t.Errorf("%q was read as %q", s, n.key)
		}
	}
}

func TestNameIsTakenApart(t *testing.T) {
	t.Parallel()
	for s, parent := range map[string]string{
		`CN=Doe\, Jane,OU=A\, B,DC=x`: `OU=A\, B,DC=x`, `CN="Doe, Jane" , OU=x`: "OU=x", "dc=x": "", "cn=a+uid=b,dc=x": "dc=x", "": "",
	} {
		if n, err := parseName(s); err != nil || n.parent != parent {
			t.Errorf("%q stands in %q, %v; want %q", s, n.parent, err, parent)
		}
	}
	if n, err := parseName(`uid=b+cn=A\2C B,dc=x`); err != nil || len(n.first) != 2 || n.first[1] != (pair{"cn", "A, B"}) {
		t.Errorf("%+v, %v", n.first, err)
	}
}

// What go-ldap holds for one name is one name here. (Not the other way round: it
// does not know quotes, numbers and doubled blanks.)
func FuzzNames(f *testing.F) {
	for _, s := range []string{"cn=Ana Ito,dc=x", `CN=Doe\2C Jane+uid=j,dc=x`, `cn="a,b",dc=x`, "cn=#0c0178", `cn=\ x\ ,dc=y`, "2.5.4.3=x"} {
		f.Add(s, strings.ToUpper(s))
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		n, err := parseName(a)
		if err == nil && n.parent != "" {
			if _, err := parseName(n.parent); err != nil {
				t.Errorf("%q has the parent %q, which is no name", a, n.parent)
			}
		}
		x, errX := ldap.ParseDN(a)
		y, errY := ldap.ParseDN(b)
		if errX == nil && errY == nil && isText(x) && isText(y) && x.EqualFold(y) && key(a) != key(b) {
			if _, err := parseName(a); err == nil {
				t.Errorf("%q and %q are one name for go-ldap, and %q and %q here", a, b, key(a), key(b))
			}
		}
	})
}

// isText tells whether all values are UTF-8. Others are all the same for go-ldap.
func isText(dn *ldap.DN) bool {
	for _, rdn := range dn.RDNs {
		for _, a := range rdn.Attributes {
			if !utf8.ValidString(a.Type + a.Value) {
				return false
			}
		}
	}
	return true
}
