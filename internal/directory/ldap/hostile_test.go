package ldap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/model"
)

// three answers people in three pages; then the third is what the test makes of it.
func three(last func(*question)) func(*question) {
	return func(q *question) {
		switch {
		case !q.people():
			q.entry("CN=g,DC=x", map[string][]string{"objectGUID": {guidFor("g")}, "cn": {"g"}, "member": {"CN=p1,DC=x"}})
			q.done("")
		case q.cookie == "":
			q.person("p1")
			q.done("2")
		case q.cookie == "2":
			q.person("p2")
			q.done("3")
		default:
			last(q)
		}
	}
}

// Whatever happens before the end of the last page: nothing of it is a reading.
func TestRow22CutOff(t *testing.T) {
	t.Parallel()
	third := func(q *question) { q.person("p3") }
	for name, test := range map[string]struct {
		last   func(*question)
		reason string // empty: it is read
	}{
		"to the end":           {func(q *question) { third(q); q.done("") }, ""},
		"connection ends":      {func(q *question) { third(q); _ = q.conn.Close() }, "connection_lost"},
		"in a message":         {func(q *question) { _, _ = q.conn.Write([]byte{0x30, 0x50, 0x02}); _ = q.conn.Close() }, "connection_lost"},
		"hangs":                {func(q *question) { third(q) }, "operation_time"},
		"size limit":           {func(q *question) { third(q); q.fail(4, "") }, "size_limit"},
		"time limit":           {func(q *question) { third(q); q.fail(3, "") }, "time_limit"},
		"administrative limit": {func(q *question) { third(q); q.fail(11, "") }, "admin_limit"},
		"busy":                 {func(q *question) { q.fail(51, "") }, "busy"},
		"a code of its own":    {func(q *question) { q.fail(123, "") }, "ldap_123"},
		"cookie is refused":    {func(q *question) { q.fail(53, "paged results cookie is invalid") }, "unwilling"},
		"order changes":        {func(q *question) { q.person("p1"); q.done("") }, "pages_inconsistent"},
		"endless empty pages":  {func(q *question) { q.done("more") }, "endless"},
		"not LDAP":             {func(q *question) { _, _ = q.conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }, "malformed"},
		"indefinite length":    {func(q *question) { _, _ = q.conn.Write([]byte{0x30, 0x80, 0x02, 0x01}) }, "malformed"},
		"entry without a name": {func(q *question) { _, _ = q.conn.Write([]byte{0x30, 0x05, 0x02, 0x01, byte(q.id), 0x64, 0x00}) }, "malformed"},
		"a large entry":        {func(q *question) { _, _ = q.conn.Write([]byte{0x30, 0x84, 0x02, 0x00, 0x00, 0x01}) }, "answer_too_large"},
		"many values":          {func(q *question) { _, _ = q.conn.Write(manyValues()) }, "answer_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startFake(t, &fake{search: three(test.last)}).reader()
			if test.reason == "operation_time" {
				r.patience.operation = 500 * time.Millisecond
			}
			if test.reason == "" {
				reading, err := r.Read(t.Context(), func(int, int) {})
				if err != nil || len(reading.People) != 3 || len(reading.Groups[0].Members) != 1 {
					t.Errorf("read %+v, %v", reading, err)
				}
				return
			}
			e := refusalOf(t, r)
			if e.Reason != test.reason || !e.Incomplete || e.Remedy == "" {
				t.Errorf("said %s, incomplete %t: %q; want %s", e.Reason, e.Incomplete, e.Detail, test.reason)
			}
		})
	}
}

// manyValues is a message of a megabyte with 500,001 empty values.
func manyValues() []byte {
	return append([]byte{0x30, 0x83, 0x0f, 0x42, 0x42}, bytes.Repeat([]byte{0x04, 0x00}, 500_001)...)
}

// A server that always has more is given up, however small what it sends.
func TestRow22EndlessAnswer(t *testing.T) {
	t.Parallel()
	r := startFake(t, &fake{search: func(q *question) {
		for i := 0; ; i++ { // entries without an end, in one page
			packet := entryPacket(q.id, "CN=p"+strconv.Itoa(i)+",DC=x", map[string][]string{"title": {strings.Repeat("x", 100_000)}})
			if _, err := q.conn.Write(packet.Bytes()); err != nil {
				return
			}
		}
	}}).reader()
	if r.largest != 64<<20 {
		t.Errorf("an answer may have %d bytes", r.largest)
	}
	r.largest = 1 << 20
	e := refusalOf(t, r)
	if e.Reason != "answer_too_large" || !strings.Contains(e.Detail, "64 MiB") {
		t.Errorf("said %s: %q", e.Reason, e.Detail)
	}
}

// The run as a whole has an end, too.
func TestRow22RunEnds(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	r := startFake(t, &fake{search: func(q *question) {
		q.person("p" + strconv.FormatInt(n.Add(1), 36))
		q.done("more")
	}}).reader()
	r.patience.run = 300 * time.Millisecond
	if e := refusalOf(t, r); e.Reason != "run_time" || !e.Incomplete {
		t.Errorf("said %s: %q", e.Reason, e.Detail)
	}
}

// Nobody whom a server names is asked, and nobody gets the password.
func TestRow22ReferralsAreNotFollowed(t *testing.T) {
	t.Parallel()
	second := startFake(t, &fake{bind: func() (int, string) { t.Error("the server of a referral was asked"); return 0, "" }, search: func(*question) {}})
	follows := startFake(t, &fake{search: func(q *question) {
		if q.people() {
			q.person("p1")
			q.refer(second.url + "/DC=y")
		}
		q.done("")
	}})
	reading, err := follows.reader().Read(t.Context(), func(int, int) {})
	if err != nil || len(reading.People) != 1 || !slices.ContainsFunc(reading.Remarks, func(s string) bool { return strings.Contains(s, "other servers") }) {
		t.Errorf("read %+v, %v", reading, err)
	}
	whole := startFake(t, &fake{search: func(q *question) { q.fail(10, "referral to "+second.url) }})
	if e := refusalOf(t, whole.reader()); e.Reason != "referral" {
		t.Errorf("said %s", e.Reason)
	}
}

// Where encryption is asked for, nothing is said without it: the server does not offer
// it, does not answer, or somebody on the way adds an answer of their own.
func TestRow22NoEncryptionNoPassword(t *testing.T) {
	t.Parallel()
	ok := func(conn net.Conn, id int64) { send(conn, id, result(ldap.ApplicationExtendedResponse, 0, ""), nil) }
	for name, test := range map[string]struct {
		extend func(net.Conn, int64)
		reason string
	}{
		"not offered":        {nil, "protocol_error"},
		"not at the moment":  {func(c net.Conn, id int64) { send(c, id, result(ldap.ApplicationExtendedResponse, 52, ""), nil) }, "unavailable"},
		"no answer":          {func(net.Conn, int64) {}, "tls_not_spoken"},
		"no TLS behind it":   {ok, "tls_not_spoken"},
		"ends":               {func(c net.Conn, _ int64) { _ = c.Close() }, "tls_not_spoken"},
		"not LDAP":           {func(c net.Conn, _ int64) { _, _ = c.Write([]byte("220 hello\r\n")); _ = c.Close() }, "tls_not_spoken"},
		"an answer is added": {func(c net.Conn, id int64) { ok(c, id); send(c, 2, result(ldap.ApplicationBindResponse, 0, ""), nil) }, "tls_not_spoken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFake(t, &fake{extend: test.extend, bind: func() (int, string) { t.Error("the password was sent"); return 0, "" }})
			settings := f.settings()
			settings.StartTLS = true // and plain is allowed: StartTLS counts
			r := newReader(t, settings, "a secret word")
			r.patience.dial = 300 * time.Millisecond
			if e := refusalOf(t, r); e.Reason != test.reason || e.Remedy == "" {
				t.Errorf("said %s: %q, want %s", e.Reason, e.Detail, test.reason)
			}
		})
	}
}

// A wrong password is tried once, not at each server: that would lock the account.
func TestRow22WrongPasswordIsTriedOnce(t *testing.T) {
	t.Parallel()
	var tried atomic.Int64
	refuses := func() (int, string) { tried.Add(1); return 49, "" }
	first, second := startFake(t, &fake{bind: refuses}), startFake(t, &fake{bind: refuses})
	settings := first.settings()
	settings.URLs = append(settings.URLs, second.url)
	if e := refusalOf(t, newReader(t, settings, "a secret word")); e.Reason != "bind_refused" || tried.Load() != 1 {
		t.Errorf("said %s after %d", e.Reason, tried.Load())
	}
	newReader(t, settings, "a secret word").Test(t.Context())
	if tried.Load() != 2 {
		t.Errorf("a test tried it %d times", tried.Load()-1)
	}
	busy := startFake(t, &fake{bind: func() (int, string) { return 51, "" }})
	settings.URLs[0] = busy.url
	if e := refusalOf(t, newReader(t, settings, "a secret word")); e.Reason != "bind_refused" || tried.Load() != 3 {
		t.Errorf("the server after a busy one was not asked: %s", e.Reason)
	}
}

// The server's own words are text, bounded and without the account's password.
func TestRow22WordsOfTheServer(t *testing.T) {
	t.Parallel()
	f := startFake(t, &fake{bind: func() (int, string) {
		return 49, "80090308: LdapErr: DSID-0C090449, comment: AcceptSecurityContext error, data 525, v4563\x00 a secret word <b>\xe4 " + strings.Repeat("x", 5000)
	}})
	e := refusalOf(t, f.reader())
	if e.Reason != "bind_no_user" || strings.Contains(e.Detail, "a secret word") || strings.ContainsAny(e.Detail, "\x00") || len(e.Detail) > 700 ||
		!strings.Contains(e.Detail, "ä") {
		t.Errorf("said %s: %q", e.Reason, e.Detail)
	}
}

// Active Directory gives long lists in parts, and then the attribute itself is empty.
func TestRanges(t *testing.T) {
	t.Parallel()
	const members, part = 4000, 1500
	for name, test := range map[string]struct {
		change func(q *question, from int) bool // true: it answered
		reason string
	}{
		"to the end": {func(*question, int) bool { return false }, ""},
		"a part without values": {func(q *question, from int) bool {
			if from > 0 {
				q.entry(q.base, nil)
				q.done("")
			}
			return from > 0
		}, "range_cut_off"},
		"the same part again": {func(q *question, from int) bool {
			if from > 0 {
				q.entry(q.base, map[string][]string{"member;range=0-1499": {"CN=p1,DC=x"}})
				q.done("")
			}
			return from > 0
		}, "range_cut_off"},
		"group is gone": {func(q *question, from int) bool {
			if from > 0 {
				q.fail(32, "")
			}
			return from > 0
		}, "no_base"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFake(t, &fake{search: func(q *question) {
				if q.people() {
					for i := range members {
						q.person(fmt.Sprintf("p%d", i))
					}
					q.done("")
					return
				}
				from := 0
				for _, a := range q.attributes {
					if bounds, ok := strings.CutPrefix(a, "member;range="); ok {
						from, _ = strconv.Atoi(strings.TrimSuffix(bounds, "-*"))
					}
				}
				if test.change(q, from) {
					return
				}
				to, last := from+part, strconv.Itoa(from+part-1)
				if to >= members {
					to, last = members, "*"
				}
				values := []string{}
				for i := from; i < to; i++ {
					values = append(values, fmt.Sprintf("CN=p%d,DC=x", i))
				}
				q.entry("CN=g,DC=x", map[string][]string{"objectGUID": {guidFor("g")}, "cn": {"g"}, "member": {},
					fmt.Sprintf("member;range=%d-%s", from, last): values})
				q.done("")
			}})
			r := f.reader()
			if test.reason == "" {
				reading, err := r.Read(t.Context(), func(int, int) {})
				if err != nil || len(reading.Groups[0].Members) != members {
					t.Errorf("%d members, %v", len(reading.Groups[0].Members), err)
				}
				return
			}
			if e := refusalOf(t, r); e.Reason != test.reason || !e.Incomplete {
				t.Errorf("said %s, incomplete %t", e.Reason, e.Incomplete)
			}
		})
	}
}

// Two people with one id are for the planner to refuse; without the right to see
// whether somebody is disabled nothing is said of it.
func TestOddPeople(t *testing.T) {
	t.Parallel()
	f := startFake(t, &fake{search: func(q *question) {
		if q.people() {
			for _, name := range []string{"a", "b"} {
				q.entry("CN="+name+",DC=x", map[string][]string{"sAMAccountName": {name}, "objectGUID": {guidFor("same")}, "cn": {"J\xf6rg\x00"}})
			}
			q.entry("CN=c,DC=x", map[string][]string{"sAMAccountName": {strings.Repeat("c", 1<<20)}, "objectGUID": {"short"}, "title": {strings.Repeat("t", 1<<20)}})
		}
		q.done("")
	}})
	reading, err := f.reader().Read(t.Context(), func(int, int) {})
	if err != nil || len(reading.People) != 3 {
		t.Fatal(err, len(reading.People))
	}
	a, b, c := reading.People[0], reading.People[1], reading.People[2]
	if a.StableID == "" || a.StableID != b.StableID || a.DisplayName != "Jörg\uFFFD" || a.Says.Has(model.SaysActive) {
		t.Errorf("%+v", a)
	}
	if c.StableID != "" || len(c.Username) > 2000 || len(c.Attributes["title"][0]) > 300 {
		t.Errorf("%d bytes of a username, id %q", len(c.Username), c.StableID)
	}
	if want := "2 people have bytes in their names that are not UTF-8. They were read as Latin-1."; !slices.Contains(reading.Remarks, want) {
		t.Errorf("remarks %q", reading.Remarks)
	}
}

// The bounds hold however the bytes come: one by one, or many messages at once.
func TestGuard(t *testing.T) {
	t.Parallel()
	element := func(content ...byte) []byte { return append([]byte{0x30, byte(len(content))}, content...) }
	nested := []byte{0x04, 0x00}
	for range maxDepth + 1 {
		nested = element(nested...)
	}
	large := binary.BigEndian.AppendUint32([]byte{0x30, 0x84}, maxEntry-6)
	for name, test := range map[string]struct {
		bytes []byte
		want  error
	}{
		"a message":             {element(0x02, 0x01, 0x05), nil},
		"several":               {slices.Concat(element(0x02, 0x01, 0x05), element(), element(0x30, 0x02, 0x04, 0x00)), nil},
		"as large as may be":    {large, nil},
		"one byte more":         {binary.BigEndian.AppendUint32([]byte{0x30, 0x84}, maxEntry-5), errEntrySize},
		"value beyond its end":  {element(0x04, 0x05, 0x00), errNotLDAP},
		"value without message": {[]byte{0x04, 0x01, 0x00}, errNotLDAP},
		"too deep":              {nested, errNotLDAP},
		"indefinite":            {[]byte{0x30, 0x80}, errNotLDAP},
		"high tag":              {[]byte{0x30, 0x05, 0x1f, 0x81}, errNotLDAP},
		"length of six bytes":   {[]byte{0x30, 0x86, 0, 0, 0, 0, 0, 1}, errNotLDAP},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole, single := newGuard(nil, maxPage), newGuard(nil, maxPage)
			got := whole.look(test.bytes)
			var one error
			for i := 0; i < len(test.bytes) && one == nil; i++ {
				one = single.look(test.bytes[i : i+1])
			}
			if got != test.want || one != test.want { //nolint:errorlint // the very values
				t.Errorf("said %v, byte by byte %v; want %v", got, one, test.want)
			}
		})
	}
}
