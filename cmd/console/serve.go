package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/jobs"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web"
	"github.com/postern-sso/postern/web/kit"
)

// shell is the actor of what an administrator of the machine does.
var shell = model.Actor{Name: "shell"}

const (
	claimLifetime   = 24 * time.Hour
	shutdownTimeout = 30 * time.Second
	sweepEvery      = time.Minute
)

type serveFlags struct {
	databaseFlags
	secretFlags
	tlsFlags
	logFlags
	scheduleFlags
	passphraseFlags
	otelFlags
	Listen          string   `env:"POSTERN_LISTEN" default:"127.0.0.1:8080" help:"Address to listen on (${default})."`
	PublicURL       string   `name:"public-url" env:"POSTERN_PUBLIC_URL" help:"Address under which browsers reach Postern (http://localhost:8080). Given here, it cannot be changed in the console." placeholder:"URL"`
	TrustedProxies  []string `name:"trusted-proxies" env:"POSTERN_TRUSTED_PROXIES" help:"Networks of reverse proxies whose X-Forwarded-For is believed, for example 10.0.0.0/8." placeholder:"CIDR"`
	PrivateMetadata bool     `name:"allow-private-metadata" env:"POSTERN_ALLOW_PRIVATE_METADATA" help:"Let administrators have metadata fetched from private addresses (10/8, 172.16/12, 192.168/16, fc00::/7), for an identity provider inside your network."`
	Verify          string   `env:"POSTERN_VERIFY" enum:"one,both" default:"one" help:"Who verifies AWS's answers: Postern's verifier (one), or it and the former one, which must say the same (both)."`
	MetricsListen   string   `name:"metrics-listen" env:"POSTERN_METRICS_LISTEN" help:"Address for Prometheus figures; empty: none." placeholder:"ADDRESS"`
	NoMigrate       bool     `name:"no-migrate" help:"Do not apply pending migrations; refuse to start when there are some."`
}

type serveCmd struct{ serveFlags }

// Run serves until the context ends.
func (c *serveCmd) Run(ctx context.Context, io streams) error {
	return c.ended(io.err, c.serve(ctx, io, nil))
}

// companion is what `demo` runs beside the console.
type companion struct {
	awsURL    string
	directory func() (model.AWSSettings, []byte) // of the simulated AWS, and the secret that reads it
	serve     func(context.Context) error
	sample    func(context.Context, *store.Store, *web.Site) (func(context.Context) error, error)
}

// serve starts everything in order, says that it is ready, and takes it down in
// the reverse order when the context ends.
func (f serveFlags) serve(ctx context.Context, io streams, beside *companion) (err error) {
	log := f.logger(io.err)
	if err := f.check(f.passphraseFlags); err != nil {
		return err
	}
	listener, err := f.listenFor(ctx, f.Listen, f.DataDir)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // Serve has closed it already, but for early returns
	options, err := f.webOptions(log, listener.Addr())
	if err != nil {
		return err
	}
	tracer, sendRest, err := f.tracer(ctx, log)
	if err != nil {
		return err
	}
	defer sendRest()
	options.Tracer = tracer
	db, err := f.own(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	if err := f.migrate(ctx, db, log); err != nil {
		return err
	}
	if options.Sealer, err = f.openSealer(ctx, db, f.DataDir); err != nil {
		return err
	}
	options.Store, options.Jobs = db.Store, jobs.New(db.Store, log)
	options.Sources = runner.New(db.Store, options.Sealer, runner.Open(db.Store), log)
	options.TestSource = options.Sources.Try
	beat := f.heartbeat(db, options.Sealer, options.Readiness, log)
	beat.look(ctx)
	db.tell(options.Readiness)
	f.tellVersions(ctx, log)
	if f.BackupDir != "" {
		options.Backups = new(kit.Backups)
	}
	if beside != nil {
		options.DemoAWSURL, options.DemoDirectory = beside.awsURL, beside.directory
	}
	site, err := web.NewSite(ctx, options)
	if err != nil {
		return err
	}
	if err := f.warn(ctx, db, site.PublicURL(), log); err != nil {
		return err
	}
	parts := []func(context.Context) error{
		func(ctx context.Context) error { return serveHTTP(ctx, listener, site, log) },
		func(ctx context.Context) error { return keepHouse(ctx, db, site, log) },
		options.Jobs.Run,
		options.Sources.Run,
		func(ctx context.Context) error { return followKey(ctx, db, options.Sealer, log) },
		beat.run,
	}
	if f.BackupDir != "" {
		parts = append(parts, func(ctx context.Context) error { return f.schedule(ctx, db, options.Backups, log) })
	}
	if f.MetricsListen != "" {
		metrics, err := listen(ctx, f.MetricsListen)
		if err != nil {
			return err
		}
		parts = append(parts, func(ctx context.Context) error {
			return serveHTTP(ctx, metrics, options.Metrics.Handler(), log)
		})
	}
	if beside != nil {
		sample, err := beside.sample(ctx, db.Store, site)
		if err != nil {
			return err
		}
		parts = append(parts, beside.serve, sample)
	}
	if err := f.announce(ctx, io.out, db, site.PublicURL()); err != nil {
		return err
	}
	return together(ctx, parts)
}

// webOptions judges the flags and turns them into what web needs.
func (f serveFlags) webOptions(log *slog.Logger, listening net.Addr) (kit.Options, error) {
	o := kit.Options{Logger: log, Version: version, Metrics: kit.NewMetrics(version), Readiness: new(kit.Readiness),
		PublicURL: f.PublicURL, PublicURLFixed: f.PublicURL != "", AllowPrivateMetadata: f.PrivateMetadata,
		VerifyTwice: f.Verify == "both", CommandFlags: f.commandFlags()}
	if o.PublicURL == "" {
		var err error
		if o.PublicURL, err = f.defaultURL(listening); err != nil {
			return o, err
		}
	}
	var err error
	if o.PublicURL, err = checkPublicURL(o.PublicURL); err != nil {
		return o, fmt.Errorf("--public-url %q: %w", o.PublicURL, err)
	}
	for _, text := range f.TrustedProxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return o, fmt.Errorf("--trusted-proxies %q: want a network such as 10.0.0.0/8", text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		o.TrustedProxies = append(o.TrustedProxies, p.Masked())
	}
	return o, nil
}

func (f serveFlags) migrate(ctx context.Context, db *database, log *slog.Logger) error {
	if f.NoMigrate {
		if err := db.CheckGate(ctx); err != nil {
			return err
		}
		pending, err := db.PendingMigrations(ctx)
		if err != nil {
			return err
		}
		if len(pending) > 0 {
			return fmt.Errorf("%s pending; run “console migrate” first", ui.Count(len(pending), "database migration is", "database migrations are"))
		}
		return nil
	}
	applied, err := db.Migrate(ctx)
	for _, name := range applied {
		log.InfoContext(ctx, "migration applied", "name", name)
	}
	return err
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("--listen %q: want ADDRESS:PORT, for example 127.0.0.1:8080", address)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}

// serveHTTP answers until the context ends, then finishes the requests under way.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn), // one event one line, as everything else
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	return srv.Shutdown(ctx)
}

// keepHouse erases what has expired and follows a changed public URL.
func keepHouse(ctx context.Context, db *database, site *web.Site, log *slog.Logger) error {
	return every(ctx, sweepEvery, func(ctx context.Context) {
		// Each whatever becomes of the others: a warning must not wait for a sweep.
		err := errors.Join(sweep(ctx, db), site.Refresh(ctx), site.RefreshMetadata(ctx), site.Warn(ctx))
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "housekeeping failed; tried again in a minute", "error", err)
		}
	})
}

func sweep(ctx context.Context, db *database) error {
	set, err := db.Settings(ctx)
	if err != nil {
		return err
	}
	_, err = db.Sweep(ctx, time.Now(), set.Retention())
	return err
}

// announce prints the one line that says Postern answers, and on a Postern that
// nobody has claimed the link to claim it.
func (f logFlags) announce(ctx context.Context, w io.Writer, db *database, publicURL string) error {
	claimed, err := db.HasAdministrators(ctx)
	if err != nil {
		return err
	}
	if !claimed {
		token := rand.Text()
		if err := db.SaveClaimToken(ctx, token, time.Now().Add(claimLifetime)); err != nil {
			return err
		}
		f.say(w, "Claim the console (once, within 24 hours)", publicURL+paths.WithQuery(paths.Claim, "token", token))
	}
	f.say(w, "Postern is ready", publicURL)
	return nil
}

// together runs the parts until one fails or the context ends, then waits for all.
func together(ctx context.Context, parts []func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan error, len(parts))
	for _, part := range parts {
		go func() { results <- part(ctx) }()
	}
	var errs []error
	for range parts {
		if err := <-results; err != nil {
			errs = append(errs, err)
			cancel()
		}
	}
	return errors.Join(errs...)
}
