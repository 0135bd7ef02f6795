package main

import (
	"context"
	"log/slog"
	"strings"
)

// A Postern that runs can still be set up so that it protects less than it could.
// serve says so in the log when it starts, doctor whenever it is asked.
const (
	ownerRuns = "the role of --database-url owns the tables, so it could change the audit. " +
		"Give Postern a second role, and the owner to --migrate-database-url"
	proxyUnknown = "the public URL is https, and Postern speaks no https itself: a proxy stands in front of it that --trusted-proxies does not name. " +
		"So everybody seems to come from the proxy's address: limits on attempts meet all at once, and the audit does not know who came from where"
	plainURL = "Postern speaks https, and the public URL is http: cookies also travel in the clear, and browsers are not told to stay with https. " +
		"Say --public-url https://HOST"
)

// plainDespiteTLS tells whether the public URL does away with what https gives.
func plainDespiteTLS(publicURL string, f tlsFlags) bool {
	return f.given() && strings.HasPrefix(publicURL, "http://")
}

// hidesVisitors tells whether everybody would seem to come from one address.
func hidesVisitors(publicURL string, f tlsFlags, proxies []string) bool {
	return strings.HasPrefix(publicURL, "https://") && !f.given() && len(proxies) == 0
}

// warn logs what would protect more.
func (f serveFlags) warn(ctx context.Context, db *database, publicURL string, log *slog.Logger) error {
	safe, err := db.AuditIsAppendOnly(ctx)
	if err != nil {
		return err
	}
	if !safe {
		log.WarnContext(ctx, ownerRuns)
	}
	if hidesVisitors(publicURL, f.tlsFlags, f.TrustedProxies) {
		log.WarnContext(ctx, proxyUnknown)
	}
	if plainDespiteTLS(publicURL, f.tlsFlags) {
		log.WarnContext(ctx, plainURL)
	}
	return nil
}
