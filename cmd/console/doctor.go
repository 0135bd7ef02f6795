package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/ui"
)

type doctorCmd struct {
	databaseFlags
	secretFlags
	tlsFlags
	scheduleFlags
	PublicURL      string   `name:"public-url" env:"POSTERN_PUBLIC_URL" help:"The public URL that serve is started with." placeholder:"URL"`
	TrustedProxies []string `name:"trusted-proxies" env:"POSTERN_TRUSTED_PROXIES" help:"The reverse proxies that serve is started with." placeholder:"CIDR"`
}

// finding is the result of one check of the installation.
type finding struct {
	state string // ok, warn, FAIL
	what  string
	text  string
}

const (
	stateOK   = "ok"
	stateWarn = "warn"
	stateFail = "FAIL"

	expirySoon   = 90 * 24 * time.Hour
	maxClockDiff = 30 * time.Second
)

// Run prints one line a check; exit code 1 when one fails.
func (c *doctorCmd) Run(ctx context.Context, io streams) (err error) {
	db, err := c.open(ctx, quiet())
	if err != nil {
		printFindings(io.out, []finding{{stateFail, "database", err.Error()}})
		return exitCode{code: 1}
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	findings := []finding{checkConnection(ctx, db)}
	findings = append(findings, checkMigrations(ctx, db)...)
	if findings[len(findings)-1].state != stateFail {
		findings = append(findings, c.checkWithTables(ctx, db)...)
	}
	findings = slices.Concat(findings, c.checkVersion(ctx), c.finding(time.Now()))
	printFindings(io.out, findings)
	for _, f := range findings {
		if f.state == stateFail {
			return exitCode{code: 1}
		}
	}
	return nil
}

// printFindings prints each on one line, also an error that has several.
func printFindings(w io.Writer, findings []finding) {
	for _, f := range findings {
		fmt.Fprintf(w, "%-4s  %s: %s\n", f.state, f.what, strings.Join(strings.Fields(f.text), " "))
	}
}

func checkMigrations(ctx context.Context, db *database) []finding {
	if err := db.CheckGate(ctx); err != nil {
		return []finding{{stateFail, "migrations", err.Error()}}
	}
	pending, err := db.PendingMigrations(ctx)
	switch {
	case err != nil:
		return []finding{{stateFail, "migrations", err.Error()}}
	case len(pending) > 0:
		return []finding{{stateFail, "migrations", fmt.Sprintf("%d pending; run “console migrate”", len(pending))}}
	}
	return []finding{{stateOK, "migrations", "all applied"}}
}

func (c *doctorCmd) checkWithTables(ctx context.Context, db *database) []finding {
	set, err := db.Settings(ctx)
	if err != nil {
		return []finding{{stateFail, "settings", err.Error()}}
	}
	findings := []finding{checkClock(ctx, db), checkRole(ctx, db), c.checkURL(set), c.checkKey(set)}
	connections, err := db.Connections(ctx)
	if err != nil {
		return append(findings, finding{stateFail, "connections", err.Error()})
	}
	if len(connections) == 0 {
		findings = append(findings, finding{stateWarn, "connections", "none yet; set one up in the console"})
	}
	findings = append(findings, checkHealth(ctx, db, connections, time.Now())...)
	return append(findings, checkSources(ctx, db)...)
}

// checkRole looks whether whoever takes Postern over could cover the tracks.
func checkRole(ctx context.Context, db *database) finding {
	const what = "database role"
	safe, err := db.AuditIsAppendOnly(ctx)
	switch {
	case err != nil:
		return finding{stateFail, what, err.Error()}
	case !safe:
		return finding{stateWarn, what, ownerRuns}
	}
	return finding{stateOK, what, "can only add to the audit"}
}

func checkClock(ctx context.Context, db *database) finding {
	var there time.Time
	before := time.Now()
	if err := db.Pool().QueryRow(ctx, "select clock_timestamp()").Scan(&there); err != nil {
		return finding{stateFail, "clock", err.Error()}
	}
	diff := there.Sub(before.Add(time.Since(before) / 2)).Abs().Round(time.Millisecond)
	if diff > maxClockDiff {
		return finding{stateFail, "clock", fmt.Sprintf("this machine and the database differ by %s; set both by NTP", diff)}
	}
	return finding{stateOK, "clock", fmt.Sprintf("%s, %s from the database's", before.UTC().Format(time.RFC3339), diff)}
}

func (c *doctorCmd) checkURL(set store.Settings) finding {
	address, origin := c.PublicURL, "given at the start"
	if address == "" {
		address, origin = set.PublicURL, "from the settings"
	}
	if address == "" && c.given() {
		address, origin = "https://"+c.host(), "from the certificate"
	}
	if address == "" {
		return finding{stateWarn, "public URL", "not set; the default http://localhost:8080 works only on this machine"}
	}
	if _, err := checkPublicURL(address); err != nil {
		return finding{stateFail, "public URL", fmt.Sprintf("%s: %v", address, err)}
	}
	if plainDespiteTLS(address, c.tlsFlags) {
		return finding{stateWarn, "public URL", address + ", " + origin + ", but " + plainURL}
	}
	if hidesVisitors(address, c.tlsFlags, c.TrustedProxies) {
		return finding{stateWarn, "public URL", address + ", " + origin + ", but " + proxyUnknown}
	}
	return finding{stateOK, "public URL", address + ", " + origin}
}

func (c *doctorCmd) checkKey(set store.Settings) finding {
	sealer, err := c.sealer(c.DataDir)
	if set.KeyFingerprint == "" && errors.Is(err, os.ErrNotExist) {
		return finding{stateOK, "secret key", c.where(c.DataDir) + " is made when “console serve” starts for the first time"}
	}
	if set.KeyFingerprint != "" {
		err = c.judgeKey(sealer, err, set.KeyFingerprint, c.DataDir)
	}
	if err != nil {
		return finding{stateFail, "secret key", err.Error()}
	}
	if n := len(sealer.Fingerprints()); n > 1 {
		return finding{stateWarn, "secret key", fmt.Sprintf("%s, with %d keys; “console secret forget” removes those that nothing needs", c.where(c.DataDir), n)}
	}
	return finding{stateOK, "secret key", c.where(c.DataDir)}
}

func checkCertificate(what string, cert sso.Certificate, now time.Time) finding {
	what += " certificate"
	left := cert.NotAfter.Sub(now)
	days := int(left.Hours() / 24)
	switch {
	case left <= 0:
		return finding{stateFail, what, "expired on " + cert.NotAfter.UTC().Format(time.DateOnly) +
			"; make a new one in AWS, bring its file to the connection's page Certificates, then set it as active in AWS"}
	case left < expirySoon:
		return finding{stateWarn, what, fmt.Sprintf("expires in %s, on %s", ui.Count(days, "day", "days"), cert.NotAfter.UTC().Format(time.DateOnly))}
	}
	return finding{stateOK, what, "valid for " + ui.Count(days, "day", "days")}
}
