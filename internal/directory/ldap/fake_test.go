package ldap

import (
	"bytes"
	"net"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/model"
)

// fake is an LDAP server that says what real ones cannot be made to say. It speaks
// without encryption and accepts everybody.
type fake struct {
	t      testing.TB
	url    string
	root   map[string][]string
	bind   func() (code int, said string)
	extend func(net.Conn, int64) // answers StartTLS; nil: does not know it
	search func(*question)       // answers, or not
}

// question is one search.
type question struct {
	conn       net.Conn
	id         int64
	base       string
	filter     string
	attributes []string
	cookie     string // of the page that is asked for
}

func startFake(t testing.TB, f *fake) *fake {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	f.t, f.url = t, "ldap://"+l.Addr().String()
	if f.root == nil {
		f.root = map[string][]string{"supportedCapabilities": {capabilityAD}, "defaultNamingContext": {"DC=x"}, "supportedControl": {pagedResults}}
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go f.serve(conn)
		}
	}()
	return f
}

func (f *fake) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for {
		packet, err := ber.ReadPacket(conn)
		if err != nil || len(packet.Children) < 2 {
			return
		}
		id, op := packet.Children[0].Value.(int64), packet.Children[1]
		switch op.Tag { //nolint:exhaustive // the operations that the reader uses
		case ldap.ApplicationBindRequest:
			code, said := 0, ""
			if f.bind != nil {
				code, said = f.bind()
			}
			send(conn, id, result(ldap.ApplicationBindResponse, code, said), nil)
		case ldap.ApplicationExtendedRequest:
			if f.extend != nil {
				f.extend(conn, id)
			} else {
				send(conn, id, result(ldap.ApplicationExtendedResponse, 2, "unsupported extended operation"), nil)
			}
		case ldap.ApplicationSearchRequest:
			q := &question{conn: conn, id: id, base: op.Children[0].Value.(string)}
			q.filter, _ = ldap.DecompileFilter(op.Children[6])
			for _, a := range op.Children[7].Children {
				q.attributes = append(q.attributes, a.Value.(string))
			}
			if len(packet.Children) > 2 {
				c, err := ldap.DecodeControl(packet.Children[2].Children[0])
				if paging, ok := c.(*ldap.ControlPaging); ok && err == nil {
					q.cookie = string(paging.Cookie)
				}
			}
			if q.base == "" {
				q.entry("", f.root)
				q.done("")
			} else {
				f.search(q)
			}
		}
	}
}

// people tells whether people are asked for: the fake is Active Directory.
func (q *question) people() bool { return strings.Contains(q.filter, "objectCategory=person") }

func (q *question) entry(dn string, values map[string][]string) {
	_, _ = q.conn.Write(entryPacket(q.id, dn, values).Bytes()) // a client that has left
}

func entryPacket(id int64, dn string, values map[string][]string) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "")
	op.AppendChild(octets(dn))
	list := ber.NewSequence("")
	for name, vs := range values {
		a, set := ber.NewSequence(""), ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, v := range vs {
			set.AppendChild(octets(v))
		}
		a.AppendChild(octets(name))
		a.AppendChild(set)
		list.AppendChild(a)
	}
	op.AppendChild(list)
	return message(id, op, nil)
}

// person is somebody with that account and a GUID made of it.
func (q *question) person(account string) {
	q.entry("CN="+account+",DC=x", map[string][]string{"sAMAccountName": {account}, "objectGUID": {guidFor(account)}, "userAccountControl": {"512"}})
}

func guidFor(s string) string { return string(append(bytes.Repeat([]byte{'.'}, 16-len(s)), s...)) }

// done ends the answer with success. A cookie says that there are more pages.
func (q *question) done(cookie string) {
	paging := ldap.NewControlPaging(0)
	paging.SetCookie([]byte(cookie))
	send(q.conn, q.id, result(ldap.ApplicationSearchResultDone, 0, ""), paging)
}

func (q *question) fail(code int, said string) {
	send(q.conn, q.id, result(ldap.ApplicationSearchResultDone, code, said), nil)
}

func (q *question) refer(to string) {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultReference, nil, "")
	op.AppendChild(octets(to))
	send(q.conn, q.id, op, nil)
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func result(tag ber.Tag, code int, said string) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(code), ""))
	op.AppendChild(octets(""))
	op.AppendChild(octets(said))
	return op
}

func send(conn net.Conn, id int64, op *ber.Packet, control ldap.Control) {
	_, _ = conn.Write(message(id, op, control).Bytes()) // a client that has left
}

func message(id int64, op *ber.Packet, control ldap.Control) *ber.Packet {
	packet := ber.NewSequence("")
	packet.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	packet.AppendChild(op)
	if control != nil {
		controls := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		controls.AppendChild(control.Encode())
		packet.AppendChild(controls)
	}
	return packet
}

func (f *fake) settings() model.LDAPSettings {
	return model.LDAPSettings{URLs: []string{f.url}, AllowPlain: true, BindDN: "CN=reader", Vendor: model.VendorAuto, Groups: model.LDAPGroups{Nested: true}}
}

func (f *fake) reader() *Reader { return newReader(f.t, f.settings(), "a secret word") }
