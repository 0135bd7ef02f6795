package drill_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/embeddedpg"
)

// drill skips what takes long, but for make drill.
func drill(t *testing.T) {
	t.Helper()
	if os.Getenv("POSTERN_DRILL") == "" {
		t.Skip("a drill: make drill runs it")
	}
}

// server is a PostgreSQL that a drill may do anything to. What it commits is on disk.
type server struct {
	t             *testing.T
	bin, dir, url string
	cmd           *exec.Cmd
	log           *lockedBuffer
	ended         chan struct{}
}

// newServer makes and starts one in the folder.
func newServer(t *testing.T, dir string) *server {
	t.Helper()
	bin, err := embeddedpg.FindBinaries("")
	if err != nil {
		t.Skip(err)
	}
	s := &server{t: t, bin: bin, dir: dir, log: &lockedBuffer{}}
	address := freeAddress(t)
	initdb := asPostgres(t, filepath.Join(bin, "initdb"), "--pgdata="+filepath.Join(dir, "data"), "--username=postern", "--auth=trust",
		"--encoding=UTF8", "--locale=C.UTF-8", "--wal-segsize=1")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	host, port, _ := strings.Cut(address, ":")
	settings := fmt.Sprintf("listen_addresses = '%s'\nport = %s\nunix_socket_directories = ''\nmin_wal_size = 4MB\nmax_wal_size = 16MB\n", host, port)
	f, err := os.OpenFile(filepath.Join(dir, "data", "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(settings); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	s.url = "postgres://postern@" + address + "/postgres?sslmode=disable"
	t.Cleanup(func() {
		s.signalAll(syscall.SIGCONT)
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		<-s.ended
		if t.Failed() {
			t.Logf("PostgreSQL said at last:\n%s", tail(s.log.String(), 15))
		}
	})
	s.start()
	s.answers()
	return s
}

// asPostgres is a command under an account that PostgreSQL accepts.
func asPostgres(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...) //nolint:noctx,gosec // as long as the test
	cmd.Dir, cmd.SysProcAttr = "/", dieWithUs()
	if os.Getuid() != 0 {
		return cmd
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		t.Skipf("root cannot run PostgreSQL, and there is no account postgres: %v", err)
	}
	uid, _ := strconv.ParseUint(account.Uid, 10, 32)
	gid, _ := strconv.ParseUint(account.Gid, 10, 32)
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	cmd.Env = append(os.Environ(), "HOME="+account.HomeDir)
	return cmd
}

func (s *server) start() {
	s.t.Helper()
	s.cmd = asPostgres(s.t, filepath.Join(s.bin, "postgres"), "-D", filepath.Join(s.dir, "data"))
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) { _ = cmd.Wait(); close(ended) }(s.cmd, s.ended)
}

// keepRunning starts it again whenever it ends, as a service manager does, until it answers.
func (s *server) keepRunning() {
	s.t.Helper()
	for until := time.Now().Add(time.Minute); ; time.Sleep(500 * time.Millisecond) {
		select {
		case <-s.ended:
			s.start()
		default:
		}
		if s.tries() == nil {
			return
		}
		if time.Now().After(until) {
			s.t.Fatalf("PostgreSQL does not come back:\n%s", tail(s.log.String(), 10))
		}
	}
}

func (s *server) tries() error {
	conn, err := pgx.Connect(s.t.Context(), s.url+"&connect_timeout=2")
	if err != nil {
		return err
	}
	return conn.Close(s.t.Context())
}

func (s *server) answers() {
	s.t.Helper()
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := s.tries()
		if err == nil {
			return
		}
		if time.Now().After(until) {
			s.t.Fatalf("%v\n%s", err, s.log)
		}
	}
}

// kill ends it and all its processes without a word.
func (s *server) kill() {
	s.signalAll(syscall.SIGKILL)
	<-s.ended
}

func (s *server) signalAll(sig syscall.Signal) { signalTree(s.cmd.Process.Pid, sig) }

// signalTree signals a process and all below it. The parent comes first, so that it
// makes no more of them.
func signalTree(pid int, sig syscall.Signal) {
	_ = syscall.Kill(pid, sig)
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			signalTree(child, sig)
		}
	}
}
