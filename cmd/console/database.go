package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/postern-sso/postern/internal/embeddedpg"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
)

// databaseFlags say where the data is. Every command that needs it has them.
type databaseFlags struct {
	DatabaseURL string `name:"database-url" env:"POSTERN_DATABASE_URL" help:"PostgreSQL connection URL. Empty: a private PostgreSQL in the data folder." placeholder:"URL"`
	OwnerURL    string `name:"migrate-database-url" env:"POSTERN_MIGRATE_DATABASE_URL" help:"The same database as the role that owns its tables, for migrations only. Empty: --database-url is that role." placeholder:"URL"`
	DataDir     string `name:"data-dir" env:"POSTERN_DATA_DIR" default:"./data" help:"Folder for the private PostgreSQL and the secret key (${default})."`
}

// secretFlags say where the key is that seals secrets at rest.
type secretFlags struct {
	SecretKey     string `name:"secret-key" env:"POSTERN_SECRET_KEY" hidden:"" help:"The content of the key file, in its place. Only for the environment: a command line is visible to everybody on the machine."`
	SecretKeyFile string `name:"secret-key-file" env:"POSTERN_SECRET_KEY_FILE" help:"Key that seals secrets at rest; made on first start (DATA_DIR/secret.key)." placeholder:"FILE"`
}

// database is an open store and, where this process started it, the private
// PostgreSQL behind it.
type database struct {
	*store.Store
	server *embeddedpg.Server // nil: not ours to stop
	owner  string             // URL of the role that migrates; empty: the store's own
	where  string             // for people: what we are connected to
}

// stopTimeout bounds the shutdown of the private PostgreSQL.
const stopTimeout = 30 * time.Second

// own connects to the database for as long as this process serves. With none
// configured it starts the private PostgreSQL, which only one process may own.
func (f databaseFlags) own(ctx context.Context, log *slog.Logger) (*database, error) {
	if f.DatabaseURL != "" {
		return connect(ctx, f.DatabaseURL, f.OwnerURL, "the configured PostgreSQL")
	}
	return startPrivate(ctx, f.DataDir, log)
}

// open connects to the database for one command. With none configured it uses
// the private PostgreSQL of a running `serve`, or starts it for the moment.
func (f databaseFlags) open(ctx context.Context, log *slog.Logger) (*database, error) {
	if f.DatabaseURL == "" {
		if url, ok := embeddedpg.Running(f.DataDir); ok {
			return connect(ctx, embeddedpg.ForRunning(url), url, "the private PostgreSQL of the running Postern")
		}
	}
	return f.own(ctx, log)
}

func connect(ctx context.Context, url, owner, where string) (*database, error) {
	st, err := store.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	return &database{Store: st, owner: owner, where: where}, nil
}

func startPrivate(ctx context.Context, dir string, log *slog.Logger) (*database, error) {
	server, err := embeddedpg.Start(ctx, embeddedpg.Options{DataDir: dir, Logger: log})
	if err != nil {
		return nil, err
	}
	st, err := store.Open(ctx, embeddedpg.ForRunning(server.URL()))
	if err != nil {
		return nil, errors.Join(err, stopServer(ctx, server))
	}
	return &database{Store: st, server: server, owner: server.URL(), where: "the private PostgreSQL in " + dir}, nil
}

// Migrate applies pending migrations as the role that owns the tables, and lets
// the role that runs use them.
func (db *database) Migrate(ctx context.Context) ([]string, error) {
	if db.owner == "" {
		return db.Store.Migrate(ctx)
	}
	role, err := db.CurrentRole(ctx)
	if err != nil {
		return nil, err
	}
	owner, err := store.Open(ctx, db.owner)
	if err != nil {
		return nil, err
	}
	defer owner.Close()
	applied, err := owner.Migrate(ctx)
	if err != nil {
		return applied, err
	}
	return applied, owner.GrantRun(ctx, role)
}

// PendingMigrations are those not applied yet. Before the first one there is no
// table that says so, and only the owner may make it.
func (db *database) PendingMigrations(ctx context.Context) ([]string, error) {
	if db.owner == "" {
		return db.Store.PendingMigrations(ctx)
	}
	owner, err := store.Open(ctx, db.owner)
	if err != nil {
		return nil, err
	}
	defer owner.Close()
	return owner.PendingMigrations(ctx)
}

// openMigrated opens the database for a command that needs every table.
func (f databaseFlags) openMigrated(ctx context.Context, log *slog.Logger) (*database, error) {
	db, err := f.open(ctx, log)
	if err != nil {
		return nil, err
	}
	if _, err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, db.close(ctx))
	}
	return db, nil
}

// close closes the store, then stops the private PostgreSQL if it is ours.
func (db *database) close(ctx context.Context) error {
	db.Close()
	if db.server == nil {
		return nil
	}
	return stopServer(ctx, db.server)
}

func stopServer(ctx context.Context, server *embeddedpg.Server) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := server.Stop(ctx); err != nil {
		return fmt.Errorf("stop the private PostgreSQL: %w", err)
	}
	return nil
}

// sealer loads the keys from the environment or the file, which is made when it
// is not there and create says so.
func (f secretFlags) sealer(dataDir string, create bool) (*seal.Sealer, error) {
	file := f.keyFile(dataDir)
	if f.SecretKey != "" {
		return seal.Parse(f.SecretKey)
	}
	if _, err := os.Stat(file); err != nil && !create {
		return nil, fmt.Errorf("the secret key file cannot be read: %w", err)
	}
	return seal.LoadOrCreate(file)
}

// where says where the keys are, for people.
func (f secretFlags) where(dataDir string) string {
	if f.SecretKey != "" {
		return "POSTERN_SECRET_KEY"
	}
	return f.keyFile(dataDir)
}

// keyFile is where the secret key lies.
func (f secretFlags) keyFile(dataDir string) string {
	if f.SecretKeyFile != "" {
		return f.SecretKeyFile
	}
	return filepath.Join(dataDir, "secret.key")
}

// errWrongKey: the key file is not the one this database was sealed with.
var errWrongKey = errors.New("the secret key is not the one that this database was sealed with. " +
	"Restore the right key file, or point --secret-key-file at it")

// openSealer loads the keys and seals with the one that the database names. A
// new database learns the key's fingerprint.
func (f secretFlags) openSealer(ctx context.Context, db *database, dataDir string) (*seal.Sealer, error) {
	sealer, err := f.sealer(dataDir, true)
	if err != nil {
		return nil, err
	}
	set, err := db.Settings(ctx)
	if err != nil {
		return nil, err
	}
	if set.KeyFingerprint == "" {
		return sealer, db.SaveSettings(ctx, shell, func(s *store.Settings) error {
			s.KeyFingerprint = sealer.Fingerprint()
			return nil
		})
	}
	if err := sealer.Use(set.KeyFingerprint); err != nil {
		return nil, fmt.Errorf("%w (%s)", errWrongKey, f.where(dataDir))
	}
	return sealer, nil
}

// quiet is the logger of commands that are not `serve`.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
