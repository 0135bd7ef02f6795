package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
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
	url    string             // of the store, where it is not the private one
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
// the private PostgreSQL of a running `serve`, or starts it for the moment. It
// makes none: in the wrong folder, a new one would be empty.
func (f databaseFlags) open(ctx context.Context, log *slog.Logger) (*database, error) {
	if f.DatabaseURL != "" {
		return f.own(ctx, log)
	}
	if url, ok := embeddedpg.Running(f.DataDir); ok {
		return connect(ctx, embeddedpg.ForRunning(url), url, "the private PostgreSQL of the running Postern")
	}
	if err := f.checkFolder(); err != nil {
		return nil, err
	}
	db, err := f.own(ctx, log)
	var inUse *embeddedpg.InUseError
	if errors.As(err, &inUse) {
		return nil, fmt.Errorf("the Postern that uses %s (process %d) runs, and its private PostgreSQL does not answer: it has ended, or is starting. "+
			"That Postern starts it again and again until it answers; %s says what is in the way", inUse.DataDir, inUse.PID, embeddedpg.LogFile(inUse.DataDir))
	}
	return db, err
}

// commandFlags are what other commands need to find this database. A URL has a
// password in it, so pages show none.
func (f databaseFlags) commandFlags() string {
	if f.DatabaseURL != "" {
		return "--database-url URL"
	}
	folder, err := filepath.Abs(f.DataDir)
	if err != nil {
		folder = f.DataDir
	}
	if strings.ContainsAny(folder, " \t'\"$`\\") {
		folder = "'" + strings.ReplaceAll(folder, "'", `'\''`) + "'"
	}
	return "--data-dir " + folder
}

// checkFolder says which folder was looked in when it holds no database.
func (f databaseFlags) checkFolder() error {
	there, err := embeddedpg.Exists(f.DataDir)
	if err != nil || there {
		return err
	}
	folder := f.DataDir
	if whole, err := filepath.Abs(folder); err == nil {
		folder = whole
	}
	return fmt.Errorf("there is no Postern in the folder %s. Name the one that “console serve” uses with --data-dir (POSTERN_DATA_DIR), "+
		"or its PostgreSQL with --database-url (POSTERN_DATABASE_URL)", folder)
}

func connect(ctx context.Context, url, owner, where string) (*database, error) {
	st, err := store.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	return &database{Store: st, owner: owner, where: where, url: url}, nil
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

// ownersURL leads to the database as the role that owns its tables.
func (db *database) ownersURL() string {
	if db.owner != "" {
		return db.owner
	}
	return db.url
}

// migrateTo applies migrations up to a number, as the role that owns the tables.
func (db *database) migrateTo(ctx context.Context, number int64) error {
	owner, err := store.Open(ctx, db.ownersURL())
	if err != nil {
		return err
	}
	defer owner.Close()
	return owner.MigrateTo(ctx, number)
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

// sealer loads the keys from the environment or the file.
func (f secretFlags) sealer(dataDir string) (*seal.Sealer, error) {
	if f.SecretKey != "" {
		return seal.Parse(f.SecretKey)
	}
	return seal.Load(f.keyFile(dataDir))
}

// newSealer is sealer for a database of which nothing is sealed yet: a key file
// that is not there is made.
func (f secretFlags) newSealer(dataDir string) (*seal.Sealer, error) {
	if f.SecretKey != "" {
		return seal.Parse(f.SecretKey)
	}
	return seal.LoadOrCreate(f.keyFile(dataDir))
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

// What is said of a key that does not belong to the database.
const (
	wrongKeyText = "the secret key is not the one that this database was sealed with (%s). "
	noKeyText    = "the secret key that this database was sealed with is not there (%s). "
	lostKeyText  = "Restore the right key file (“console restore --key-only” takes it out of a backup), or point --secret-key-file at it. " +
		"If it is lost, “console secret replace” says what can be read no more, and goes on"
)

// judgeKey says whether the keys are those that the database names; sealer and err
// are what loading them gave.
func (f secretFlags) judgeKey(sealer *seal.Sealer, err error, fingerprint, dataDir string) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf(noKeyText+lostKeyText, f.where(dataDir))
	case err != nil:
		return err
	case sealer.Use(fingerprint) != nil:
		return fmt.Errorf(wrongKeyText+lostKeyText, f.where(dataDir))
	}
	return nil
}

// openSealer loads the keys and seals with the one that the database names.
// Nothing is written for a database that names one; a new one learns the key's
// fingerprint, and the key file is made where it is not there.
func (f secretFlags) openSealer(ctx context.Context, db *database, dataDir string) (*seal.Sealer, error) {
	set, err := db.Settings(ctx)
	if err != nil {
		return nil, err
	}
	if set.KeyFingerprint != "" {
		sealer, err := f.sealer(dataDir)
		return sealer, f.judgeKey(sealer, err, set.KeyFingerprint, dataDir)
	}
	sealer, err := f.newSealer(dataDir)
	if err != nil {
		return nil, err
	}
	return sealer, db.SaveSettings(ctx, shell, func(s *store.Settings) error {
		s.KeyFingerprint = sealer.Fingerprint()
		return nil
	})
}

// quiet is the logger of commands that are not `serve`.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
