package main

import (
	"crypto/tls"
	"net"

	"github.com/jackc/pgx/v5"
)

// judgeWay says what is against a connection to a database; empty: nothing.
func judgeWay(way net.Conn, cfg *pgx.ConnConfig) string {
	remote, ok := way.RemoteAddr().(*net.TCPAddr)
	if !ok || remote.IP.IsLoopback() {
		return "" // a socket, or this machine
	}
	if _, encrypted := way.(*tls.Conn); !encrypted {
		return withoutTLS
	}
	if cfg.TLSConfig == nil {
		return fallsBack // allow: TLS came second
	}
	for _, f := range cfg.Fallbacks {
		if f.TLSConfig == nil {
			return fallsBack // prefer
		}
	}
	if cfg.TLSConfig.InsecureSkipVerify && cfg.TLSConfig.VerifyPeerCertificate == nil && cfg.TLSConfig.VerifyConnection == nil {
		return uncheckedTLS
	}
	return ""
}
