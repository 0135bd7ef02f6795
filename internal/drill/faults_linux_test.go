package drill_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crowd is how many people sign in at the same time in a drill.
const crowd = 4

// One of three processes is killed in the middle of logins; the balancer notices after a
// second, and it comes back.
func TestDrillAProcessIsKilled(t *testing.T) { //nolint:paralleltest // drills measure seconds
	drill(t)
	db := newServer(t, openFolder(t))
	p := built(t)
	s := newSite(t, p, db.url)
	a, b, c := p.serve(t, s.serve...), p.serve(t, s.serve...), p.serve(t, s.serve...)
	l := newLoad(crowd, a, b, c)
	l.more(t, 20)
	l.begin()
	for range 3 {
		c.signal(syscall.SIGKILL)
		<-c.ended
		time.Sleep(time.Second)
		l.balance(a, b)
		l.more(t, 10)
		c = p.serve(t, s.serve...)
		l.balance(a, b, c)
		l.more(t, 10)
	}
	l.stop()
	l.settle(t, "three processes, one killed (-9) three times", db.url).print()
}

// PostgreSQL is killed with all its processes, and started again after two seconds.
func TestDrillPostgreSQLIsKilled(t *testing.T) { //nolint:paralleltest // drills measure seconds
	drill(t)
	db := newServer(t, openFolder(t))
	p := built(t)
	s := newSite(t, p, db.url)
	a, b := p.serve(t, s.serve...), p.serve(t, s.serve...)
	l := newLoad(crowd, a, b)
	l.more(t, 20)
	l.begin()
	for range 3 {
		db.kill()
		time.Sleep(2 * time.Second)
		db.keepRunning()
		l.more(t, 10)
	}
	a.waitReady(200)
	b.waitReady(200)
	l.stop()
	l.settle(t, "PostgreSQL killed (-9) three times, away for 2 s each", db.url).print()
}

// hangs is long enough for a goroutine that waits for good to be told apart: a dump
// counts minutes.
const hangs = 100 * time.Second

// waitsForMinutes begins the part of a dump that is about a goroutine which has not moved
// for at least a minute.
var waitsForMinutes = regexp.MustCompile(`^goroutine \d+ .*\[[^\]]*, \d+ minutes`)

// PostgreSQL hangs with all its processes: connections stay open and nothing is answered.
// No goroutine waits for it longer than its limit, and all goes on afterwards.
func TestDrillPostgreSQLHangs(t *testing.T) { //nolint:paralleltest // drills measure seconds
	drill(t)
	db := newServer(t, openFolder(t))
	p := built(t)
	s := newSite(t, p, db.url)
	a, b, c := p.serve(t, s.serve...), p.serve(t, s.serve...), p.serve(t, s.serve...)
	l := newLoad(crowd, a, b, c)
	l.more(t, 20)
	l.begin()
	db.signalAll(syscall.SIGSTOP)
	a.waitReady(503)
	time.Sleep(hangs)
	l.balance(a, b)
	c.wantNobodyWaiting()
	db.signalAll(syscall.SIGCONT)
	l.more(t, 20)
	a.waitReady(200)
	b.waitReady(200)
	l.stop()
	l.settle(t, "PostgreSQL hangs (SIGSTOP) for 100 s", db.url).print()
}

// wantNobodyWaiting ends the process and looks what its goroutines were at.
func (x *process) wantNobodyWaiting() {
	x.t.Helper()
	dump := x.dump()
	if !strings.Contains(dump, "goroutine ") {
		x.t.Fatalf("there is no dump:\n%s", tail(x.log.String(), 20))
	}
	for part := range strings.SplitSeq(dump, "\n\n") {
		if waitsForMinutes.MatchString(part) && waitsForDatabase(part) {
			x.t.Errorf("a goroutine has waited longer than it may:\n%s", part)
		}
	}
}

func waitsForDatabase(goroutine string) bool {
	for _, frame := range []string{"/pgconn.", "/puddle/", "Pool).Acquire(", "/internal/store."} {
		if strings.Contains(goroutine, frame) {
			return true
		}
	}
	return false
}

// The disk of PostgreSQL is full, and then it is not any more. What keeps PostgreSQL
// running is there, as a service manager is: it may give up meanwhile.
func TestDrillDiskIsFull(t *testing.T) { //nolint:paralleltest // drills measure seconds
	drill(t)
	dir := openFolder(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=160m,mode=777"); err != nil {
		t.Skipf("a small disk cannot be made here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	db := newServer(t, dir)
	p := built(t)
	s := newSite(t, p, db.url)
	a, b := p.serve(t, s.serve...), p.serve(t, s.serve...)
	l := newLoad(crowd, a, b)
	l.more(t, 20)
	l.begin()
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	t.Logf("readyz says: %s", a.waitReady(503))
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	db.keepRunning()
	l.more(t, 20)
	a.waitReady(200)
	l.stop()
	l.settle(t, "PostgreSQL's disk is full, until readyz says so", db.url).print()
}

// fill writes until nothing fits any more, and keeps at it: PostgreSQL removes files.
func fill(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size > 0; size /= 2 {
		for b := make([]byte, size); ; {
			if _, err := f.Write(b); err != nil {
				break
			}
		}
	}
}
