package embeddedpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	port       = "5432"
	socketFile = ".s.PGSQL." + port

	// pollEvery is how often the state of a server that is not our child is looked at.
	pollEvery = 25 * time.Millisecond
	// fastShutdown is how long a server may take before it is told to quit at
	// once; committed data is safe either way, the next start just takes longer.
	fastShutdown = 25 * time.Second
)

// pidFile is what a postmaster writes into postmaster.pid
// (src/include/utils/pidfile.h): process, data folder, start time, port,
// socket folder, address, shared memory, state; one a line.
type pidFile struct {
	pid       int
	socketDir string
	state     string // "starting", "ready", "stopping", "standby"; empty early on
}

func readPidFile(data string) (pidFile, error) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return pidFile{}, err
	}
	lines := strings.Split(string(text), "\n")
	line := func(n int) string {
		if n >= len(lines) {
			return ""
		}
		return strings.TrimSpace(lines[n])
	}
	pid, err := strconv.Atoi(line(0))
	if err != nil {
		return pidFile{}, fmt.Errorf("postmaster.pid names no process: %q", line(0))
	}
	return pidFile{pid: pid, socketDir: line(4), state: line(7)}, nil
}

// alive tells whether a process (or, on Linux, a thread) has this number.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// holder says what the process is whose number a pid file names.
type holder int

const (
	holderGone    holder = iota // no process has the number
	holderOurs                  // the server of this cluster
	holderOther                 // another process got the number of a dead server
	holderUnknown               // the system does not tell
)

// whoHas finds out what process pid is to the cluster in data. The command
// line tells: postgres -D <folder> …; folders are compared, not their names.
func whoHas(pid int, data string) holder {
	if pid <= 0 || !alive(pid) {
		return holderGone
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		if _, err := os.Stat("/proc/self/cmdline"); err == nil && !alive(pid) {
			return holderGone // it ended just now
		}
		return holderUnknown
	}
	if len(cmdline) == 0 {
		return holderOther // a dead process that its parent has not waited for keeps its number
	}
	args := strings.Split(string(bytes.TrimRight(cmdline, "\x00")), "\x00")
	if filepath.Base(args[0]) != "postgres" || len(args) < 3 || args[1] != "-D" {
		return holderOther
	}
	theirs, err := os.Stat(args[2])
	if err != nil {
		return holderUnknown
	}
	ours, err := os.Stat(data)
	if err != nil {
		return holderUnknown
	}
	if os.SameFile(theirs, ours) {
		return holderOurs
	}
	return holderOther
}

// serves tells whether the process of the pid file is the server of the
// cluster in data. Where the system does not tell, a server that listens in
// the cluster's private socket folder is.
func (pf pidFile) serves(data string) bool {
	switch whoHas(pf.pid, data) {
	case holderOurs:
		return true
	case holderUnknown:
		return answers(pf.socketDir)
	default:
		return false
	}
}

// answers tells whether somebody listens on the socket in dir.
func answers(dir string) bool {
	d := net.Dialer{Timeout: 2 * time.Second}
	conn, err := d.DialContext(context.Background(), "unix", filepath.Join(dir, socketFile))
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// postmaster is a running server process: a child of this process, or one that
// an earlier Postern left.
type postmaster struct {
	pid  int
	data string
	done <-chan struct{} // closed when a child has ended; nil for a server taken over

	status  *string // how a child ended, once done is closed; nil for a server taken over
	logFrom int64   // where its words begin in the log
}

// running tells whether the server process still exists.
func (p *postmaster) running() bool {
	if p.done == nil {
		h := whoHas(p.pid, p.data)
		return h == holderOurs || h == holderUnknown
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop asks for a fast shutdown, after a while for an immediate one, and waits
// until the process has ended or ctx has.
func (p *postmaster) stop(ctx context.Context) error {
	if err := p.signal(syscall.SIGINT); err != nil {
		return err
	}
	fast, cancel := context.WithTimeout(ctx, fastShutdown)
	defer cancel()
	if p.waitGone(fast) == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("the server (process %d) is still shutting down: %w", p.pid, ctx.Err())
	}
	if err := p.signal(syscall.SIGQUIT); err != nil {
		return err
	}
	return p.waitGone(ctx)
}

func (p *postmaster) signal(sig syscall.Signal) error {
	if !p.running() {
		return nil
	}
	if err := syscall.Kill(p.pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal the server (process %d): %w", p.pid, err)
	}
	return nil
}

func (p *postmaster) waitGone(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for p.running() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done: // nil, and so never ready, for a server taken over
		case <-tick.C:
		}
	}
	return nil
}
