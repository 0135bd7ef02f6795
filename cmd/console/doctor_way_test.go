package main

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/jackc/pgx/v5"
)

type way struct {
	net.Conn
	to net.Addr
}

func (w way) RemoteAddr() net.Addr { return w.to }

// A database on another machine without TLS is warned of, and so is TLS that proves
// nothing; a socket and this machine need none.
func TestDoctorWarnsOfADatabaseWithoutTLS(t *testing.T) {
	t.Parallel()
	far := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 5), Port: 5432}
	near := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5432}
	near6 := &net.TCPAddr{IP: net.IPv6loopback, Port: 5432}
	for _, c := range []struct {
		name, mode string
		to         net.Addr
		encrypted  bool
		want       string
	}{
		{"nothing said, no TLS there", "", far, false, withoutTLS},
		{"nothing said, TLS there", "", far, true, fallsBack},
		{"disable", "disable", far, false, withoutTLS},
		{"allow without", "allow", far, false, withoutTLS},
		{"allow with", "allow", far, true, fallsBack},
		{"prefer without", "prefer", far, false, withoutTLS},
		{"prefer with", "prefer", far, true, fallsBack},
		{"require", "require", far, true, uncheckedTLS},
		{"verify-ca", "verify-ca", far, true, ""},
		{"verify-full", "verify-full", far, true, ""},
		{"this machine", "disable", near, false, ""},
		{"this machine by IPv6", "disable", near6, false, ""},
		{"a socket", "disable", &net.UnixAddr{Name: "/run/postgresql/.s.PGSQL.5432"}, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			address := "postgres://postern@db.example.com/postern"
			if c.mode != "" {
				address += "?sslmode=" + c.mode
			}
			cfg, err := pgx.ParseConfig(address)
			if err != nil {
				t.Fatal(err)
			}
			var conn net.Conn = way{to: c.to}
			if c.encrypted {
				conn = tls.Client(conn, &tls.Config{MinVersion: tls.VersionTLS12})
			}
			if got := judgeWay(conn, cfg); got != c.want {
				t.Errorf("says %q, want %q", got, c.want)
			}
		})
	}
}
