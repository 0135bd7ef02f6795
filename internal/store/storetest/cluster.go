// Package storetest gives tests a real PostgreSQL: a throw-away cluster made
// from the installed server programs, or the server that TEST_DATABASE_URL names.
package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/embeddedpg"
	"github.com/postern-sso/postern/internal/store"
)

// Roles of the cluster: the one that owns the tables, and the one that Postern
// runs as.
const (
	owner  = "postern"
	runner = "postern_run"
)

// cluster is the one of this test process, started by the first test that
// needs it and stopped by Main.
type cluster struct {
	once sync.Once
	url  string // of the migrated template database's server
	err  error

	dir      string
	template string
	stop     func()

	mu   sync.Mutex
	free []string // databases that no test uses just now
}

var shared cluster //nolint:gochecknoglobals // one server for all tests of a process

// Main runs the tests of a package, stops the cluster afterwards, and does what
// else is to be done at the end. Packages that use this one call it from TestMain.
func Main(m *testing.M, atEnd ...func()) {
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	for _, f := range atEnd {
		f()
	}
	os.Exit(code)
}

// serverURL is the server with the migrated template database. Without server
// programs the test is skipped, unless REQUIRE_DB is set: then it fails.
func serverURL(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() { shared.err = shared.start() })
	var missing *embeddedpg.NotFoundError
	if errors.As(shared.err, &missing) && os.Getenv("REQUIRE_DB") == "" { //nolint:forbidigo // the switch that forbids skipping
		t.Skip(shared.err)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.url
}

// givenURL is the server that the surroundings give the tests; empty: they start one.
func givenURL() string {
	return os.Getenv("TEST_DATABASE_URL") //nolint:forbidigo // where the tests' server is
}

func (c *cluster) start() error {
	if c.url = givenURL(); c.url == "" {
		if err := c.launch(); err != nil {
			return err
		}
	}
	return c.makeTemplate()
}

// launch makes a cluster that is fast and forgets: its data need not survive.
// PostgreSQL refuses to run as root, so root runs it under another account.
func (c *cluster) launch() error {
	bin, err := embeddedpg.FindBinaries("")
	if err != nil {
		return err
	}
	parent := parentDir()
	removeLeft(parent)
	if c.dir, err = os.MkdirTemp(parent, folderPrefix+strconv.Itoa(os.Getpid())+"-"); err != nil {
		return err
	}
	attributes, err := c.giveAway()
	if err != nil {
		return err
	}
	data := filepath.Join(c.dir, "data")
	initdb := exec.CommandContext(context.Background(), filepath.Join(bin, "initdb"), "--pgdata="+data,
		"--username="+owner, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = c.dir, attributes
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	var log bytes.Buffer
	server := exec.CommandContext(context.Background(), filepath.Join(bin, "postgres"), "-D", data, "-k", c.dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=300", "-c", "shared_buffers=64MB")
	server.Dir, server.SysProcAttr, server.Stdout, server.Stderr = c.dir, attributes, &log, &log
	if err := server.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // how it ended does not matter, only that it has
		close(ended)
	}()
	c.stop = func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		<-ended
		_ = os.RemoveAll(c.dir)
	}
	c.url = "postgres:///postgres?host=" + c.dir + "&user=" + owner
	return waitFor(c.url, ended, &log)
}

// folderPrefix begins the name of a cluster's folder; the number of the test
// process follows.
const folderPrefix = "postern-test-"

// removeLeft removes what test processes have left that were killed.
func removeLeft(parent string) {
	folders, _ := filepath.Glob(filepath.Join(parent, folderPrefix+"*")) // the pattern is good
	for _, folder := range folders {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), folderPrefix), "-")
		if n, err := strconv.Atoi(pid); err == nil && errors.Is(syscall.Kill(n, 0), syscall.ESRCH) {
			_ = os.RemoveAll(folder) // of somebody else's it is not ours to remove
		}
	}
}

// giveAway lets the server's account own the folder, and ends the server with
// this process even when the tests are killed.
func (c *cluster) giveAway() (*syscall.SysProcAttr, error) {
	attributes := dieWithParent()
	if os.Getuid() != 0 {
		return attributes, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	attributes.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attributes, os.Chown(c.dir, int(uid), int(gid))
}

// waitFor returns when the server answers, or with its log when it has ended.
func waitFor(url string, ended <-chan struct{}, log *bytes.Buffer) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ended:
			return fmt.Errorf("PostgreSQL ended: %s", log)
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		case <-time.After(20 * time.Millisecond): // ask again; nothing tells when it is ready
		}
	}
}

// makeTemplate migrates one database; tests get copies of it. Its name is this
// process's own, because other processes may share the server.
func (c *cluster) makeTemplate() error {
	ctx := context.Background()
	c.template = "template_" + strings.ToLower(rand.Text()[:12])
	if err := c.exec("create database " + c.template); err != nil {
		return err
	}
	if c.stop == nil { // a server of somebody else: leave nothing behind
		c.stop = func() { _ = c.exec("drop database " + c.template + " with (force)") }
	}
	url, err := withDatabase(c.url, c.template)
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer st.Close()
	if _, err = st.Migrate(ctx); err != nil || c.dir == "" {
		return err
	}
	if err := c.exec("create role " + runner + " login"); err != nil {
		return err
	}
	return st.GrantRun(ctx, runner)
}
