package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superUser   = "postgres" // owns the cluster; used here only
	appUser     = "postern"  // owns the database; no superuser
	appDatabase = "postern"
	runUser     = RunRole // owns nothing

	// maxServerLog is the size from which server.log is put aside at a start.
	// PostgreSQL writes a few lines a start and nothing a query.
	maxServerLog = 4 << 20

	// oldProcessPatience is how long a start waits for the processes of a
	// server that was killed to finish the query they are at.
	oldProcessPatience = 30 * time.Second
)

// RunRole is the role that Postern runs as in its private PostgreSQL.
const RunRole = "postern_run"

// errOldProcesses says that processes of a killed server still use the cluster.
// PostgreSQL refuses to start beside them, whatever the lock files say.
var errOldProcesses = errors.New("processes of the server before are still at work")

// connString is the pgx connection string for a socket in dir.
func connString(dir, user, database string) string {
	q := url.Values{"host": {dir}, "port": {port}, "user": {user}, "sslmode": {"disable"}}
	// pgx, as libpq, takes a plus sign in a connection string for itself.
	return "postgres:///" + database + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// init makes the cluster unless it exists. It is built beside its place and
// moved there when complete, so that a start that was interrupted leaves
// nothing that looks like a database.
func (c *cluster) init(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(c.data, "PG_VERSION")); err == nil {
		return nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("look for the private database: %w", err)
	}
	if c.account.name == "nobody" {
		c.log.WarnContext(ctx, "PostgreSQL runs under the account nobody, which other programs may share. Create an account named postgres to "+
			"keep the database apart.")
	}
	c.log.InfoContext(ctx, "Postern makes its private database. This takes a few seconds.", "folder", c.data)
	err := c.initdb(ctx, "C.UTF-8")
	if err != nil && strings.Contains(err.Error(), "invalid locale name") {
		err = c.initdb(ctx, "C") // systems without C.UTF-8 (older macOS and RHEL): the same order, by code point
	}
	if err != nil {
		return err
	}
	if err := os.Rename(c.data+".new", c.data); err != nil {
		return fmt.Errorf("put the private database in its place: %w", err)
	}
	return syncDir(c.home)
}

func (c *cluster) initdb(ctx context.Context, locale string) error {
	building := c.data + ".new"
	if err := os.RemoveAll(building); err != nil {
		return fmt.Errorf("remove a half-made database: %w", err)
	}
	if err := os.Mkdir(building, 0o700); err != nil {
		return fmt.Errorf("make the private database: %w", err)
	}
	if err := c.account.own(building); err != nil {
		return fmt.Errorf("make the private database: %w", err)
	}
	out, err := c.account.command(ctx, "/", c.bin, "initdb", "-D", building,
		"--username="+superUser, "--auth-local=trust", "--auth-host=reject",
		"--encoding=UTF8", "--locale="+locale, "--data-checksums").CombinedOutput()
	if err != nil {
		return fmt.Errorf("make the private database: initdb: %w\n%s", err, lastLines(string(out), 10))
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// args are the server's arguments. They stand on the command line, above
// whatever postgresql.conf says, and PostgreSQL notes them in postmaster.opts:
// so the next Start sees whether a server that was left runs with them.
func (c *cluster) args() []string {
	settings := []string{
		"listen_addresses=",
		"port=" + port,
		`unix_socket_directories="` + strings.ReplaceAll(c.socketDir, `"`, `""`) + `"`,
		"unix_socket_permissions=0700",
		"fsync=on",
		"full_page_writes=on",
		"synchronous_commit=on",
		"cluster_name=postern",
		"timezone=UTC",
		// Starts, stops and breakdowns only. What a query did wrong Postern
		// logs itself, without the personal data that PostgreSQL would quote.
		"logging_collector=off",
		"log_destination=stderr",
		"log_timezone=UTC",
		"log_min_messages=log",
		"log_min_error_statement=panic",
		"log_checkpoints=off",
	}
	args := []string{"-D", c.data}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// run brings the server up and returns it with a connection to it. A server that
// was launched is returned with the error, too, so that it can be stopped.
func (c *cluster) run(ctx context.Context) (*postmaster, *pgx.Conn, error) {
	giveUp := time.Now().Add(oldProcessPatience)
	for {
		post, err := c.adoptOrLaunch(ctx)
		if err != nil {
			return nil, nil, err
		}
		conn, err := c.waitReady(ctx, post)
		if !errors.Is(err, errOldProcesses) || time.Now().After(giveUp) {
			return post, conn, err
		}
		c.log.InfoContext(ctx, "Postern waits for processes of the killed database server to finish.")
		select {
		case <-ctx.Done():
			return post, nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// adoptOrLaunch takes over a server that runs on the cluster already, or
// starts one. Only one that an earlier Postern left can run: we hold the lock.
func (c *cluster) adoptOrLaunch(ctx context.Context) (*postmaster, error) {
	pf, err := readPidFile(c.data)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return c.launch(ctx)
	case err != nil:
		// An empty file is left when the disk was full. PostgreSQL says so itself.
		c.log.WarnContext(ctx, "The process file of the private database is unreadable.", "error", err)
		return c.launch(ctx)
	case !pf.serves(c.data):
		if err := c.dropStale(ctx, pf.pid); err != nil {
			return nil, err
		}
		return c.launch(ctx)
	}
	left := &postmaster{pid: pf.pid, data: c.data, logFrom: c.logSize()}
	if pf.state != "stopping" && c.sameArgs() {
		c.log.InfoContext(ctx, "Postern takes over the private database that was left running.", "pid", pf.pid)
		return left, nil
	}
	c.log.InfoContext(ctx, "Postern restarts the private database that was left running, because its settings differ.", "pid", pf.pid)
	if err := left.stop(ctx); err != nil {
		return nil, err
	}
	return c.launch(ctx)
}

// dropStale removes the lock files of a server that is dead when its number now
// belongs to another process. PostgreSQL cleans up after a dead process itself,
// but takes any live one for a server: usual in containers, where numbers are
// small and the same after each start.
func (c *cluster) dropStale(ctx context.Context, pid int) error {
	if whoHas(pid, c.data) != holderOther {
		return nil
	}
	c.log.InfoContext(ctx, "Postern removes the process file of a database server that is gone.", "pid", pid)
	for _, path := range []string{
		filepath.Join(c.data, "postmaster.pid"),
		filepath.Join(c.socketDir, socketFile+".lock"),
	} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove a stale lock of the private database: %w", err)
		}
	}
	return nil
}

// sameArgs tells whether the running server was started as launch would do it.
func (c *cluster) sameArgs() bool {
	have, err := os.ReadFile(filepath.Join(c.data, "postmaster.opts"))
	if err != nil {
		return false
	}
	want := filepath.Join(c.bin, "postgres")
	for _, a := range c.args() {
		want += ` "` + a + `"`
	}
	return strings.TrimSpace(string(have)) == want
}

// launch starts the server, detached from this process's life.
func (c *cluster) launch(ctx context.Context) (*postmaster, error) {
	out, err := c.openServerLog()
	if err != nil {
		return nil, fmt.Errorf("open the log of the private database: %w", err)
	}
	defer out.Close() //nolint:errcheck // the server has its own descriptor
	from, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("open the log of the private database: %w", err)
	}
	cmd := c.account.command(context.WithoutCancel(ctx), "/", c.bin, "postgres", c.args()...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the private database: %w", err)
	}
	done, how := make(chan struct{}), new(string)
	go func() {
		defer close(done)
		_ = cmd.Wait() // its state says all of it
		*how = cmd.ProcessState.String()
		c.log.Debug("The server of the private database has ended.", "pid", cmd.Process.Pid, "status", *how)
	}()
	return &postmaster{pid: cmd.Process.Pid, data: c.data, done: done, status: how, logFrom: from}, nil
}

func (c *cluster) serverLog() string { return filepath.Join(c.home, serverLogName) }

// logSize is how long the server's log is: what a server that is taken over says
// later comes behind it.
func (c *cluster) logSize() int64 {
	info, err := os.Stat(c.serverLog())
	if err != nil {
		return 0
	}
	return info.Size()
}

func (c *cluster) openServerLog() (*os.File, error) {
	path := c.serverLog()
	if info, err := os.Lstat(path); err == nil && info.Size() > maxServerLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
}

// waitReady connects as soon as the server answers. It gives up when the
// server ends or ctx does; recovering from a crash may rightly take minutes.
func (c *cluster) waitReady(ctx context.Context, p *postmaster) (*pgx.Conn, error) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	notice := time.NewTicker(10 * time.Second)
	defer notice.Stop()
	for {
		conn, err := c.connect(ctx)
		if err == nil {
			return conn, nil
		}
		if !p.running() {
			return nil, c.whyEnded(p)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the private database does not answer yet: %w (%w)", ctx.Err(), err)
		case <-notice.C:
			c.log.InfoContext(ctx, "Postern waits for the private database to answer.", "last answer", err)
		case <-p.done:
		case <-tick.C:
		}
	}
}

func (c *cluster) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return pgx.Connect(ctx, connString(c.socketDir, superUser, "postgres"))
}

// whyEnded is the error for a server that ended instead of answering: what it
// wrote into its log.
func (c *cluster) whyEnded(p *postmaster) error {
	said := c.said(p.logFrom)
	err := &endedError{reason: c.reason(p), log: c.serverLog(), last: lastLines(said, 10)}
	if strings.Contains(lastLines(said, 3), "pre-existing shared memory block") {
		return errors.Join(errOldProcesses, err)
	}
	return err
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// ensureDatabase makes Postern's roles and database where they are missing. No
// role is a superuser: a superuser can run programs on the machine.
func ensureDatabase(ctx context.Context, conn *pgx.Conn) error {
	for _, want := range []struct{ kind, exists, name, create string }{
		{"role", "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", appUser, "CREATE ROLE " + appUser + " LOGIN"},
		{"role", "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", runUser, "CREATE ROLE " + runUser + " LOGIN"},
		{"database", "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", appDatabase, "CREATE DATABASE " + appDatabase + " OWNER " + appUser},
	} {
		var exists bool
		if err := conn.QueryRow(ctx, want.exists, want.name).Scan(&exists); err != nil {
			return fmt.Errorf("look for the %s of the private database: %w", want.kind, err)
		}
		if exists {
			continue
		}
		if _, err := conn.Exec(ctx, want.create); err != nil {
			return fmt.Errorf("make the %s of the private database: %w", want.kind, err)
		}
	}
	return nil
}
