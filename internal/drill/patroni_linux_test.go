package drill_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/embeddedpg"
)

// node is a PostgreSQL under Patroni.
type node struct {
	dir, address string
	patroni      *exec.Cmd
}

// cluster is two nodes of Patroni with synchronous replication, and an etcd.
type cluster struct {
	t     *testing.T
	etcd  string
	bin   string
	nodes []*node
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	patroni, etcd := peer(t, "patroni"), peer(t, "etcd")
	bin, err := embeddedpg.FindBinaries("")
	if err != nil {
		t.Skip(err)
	}
	c := &cluster{t: t, etcd: freeAddress(t), bin: bin}
	other := freeAddress(t)
	run(t, etcd, "--data-dir", filepath.Join(openFolder(t), "etcd"), "--listen-client-urls", "http://"+c.etcd, "--advertise-client-urls", "http://"+c.etcd,
		"--listen-peer-urls", "http://"+other, "--initial-advertise-peer-urls", "http://"+other, "--initial-cluster", "default=http://"+other)
	for i, name := range []string{"a", "b"} {
		c.add(patroni, name)
		c.wait(fmt.Sprintf("node %s", name), func(conn *pgx.Conn) bool {
			var synchronous int
			err := conn.QueryRow(t.Context(), "select count(*) from pg_stat_replication where sync_state = 'sync'").Scan(&synchronous)
			return err == nil && synchronous == i
		})
	}
	return c
}

// add starts a node; the first one is the primary.
func (c *cluster) add(patroni, name string) {
	c.t.Helper()
	n := &node{dir: openFolder(c.t), address: freeAddress(c.t)}
	api := freeAddress(c.t)
	config := fmt.Sprintf(`scope: drill
name: %[1]s
restapi: {listen: "%[2]s", connect_address: "%[2]s"}
etcd3: {host: "%[3]s"}
bootstrap:
  dcs: {ttl: 20, loop_wait: 2, retry_timeout: 5, synchronous_mode: true}
  initdb: [encoding: UTF8, locale: C.UTF-8, auth-host: trust, auth-local: trust]
  pg_hba: [host all all 127.0.0.1/32 trust, host replication all 127.0.0.1/32 trust, local all all trust]
postgresql:
  listen: "%[4]s"
  connect_address: "%[4]s"
  data_dir: %[5]s/data
  bin_dir: %[6]s
  pgpass: %[5]s/pgpass
  authentication: {superuser: {username: postgres, password: drill}, replication: {username: replicator, password: drill}}
  parameters: {unix_socket_directories: "%[5]s"}
`, name, api, c.etcd, n.address, n.dir, c.bin)
	file := filepath.Join(n.dir, "patroni.yml")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil { //nolint:gosec // read under another account
		c.t.Fatal(err)
	}
	n.patroni = asPostgres(c.t, patroni, file)
	log := &lockedBuffer{}
	n.patroni.Stdout, n.patroni.Stderr = log, log
	if err := n.patroni.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		n.signal(syscall.SIGKILL)
		_ = n.patroni.Wait()
		if c.t.Failed() {
			c.t.Logf("Patroni of %s said at last:\n%s", name, tail(log.String(), 20))
		}
	})
	c.nodes = append(c.nodes, n)
}

// signal is for Patroni and its PostgreSQL with all processes.
func (n *node) signal(sig syscall.Signal) {
	signalTree(n.patroni.Process.Pid, sig)
	text, err := os.ReadFile(filepath.Join(n.dir, "data", "postmaster.pid"))
	if err != nil {
		return // it does not run
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if pid, err := strconv.Atoi(first); err == nil && pid > 1 {
		signalTree(pid, sig)
	}
}

// url is whichever node takes what is written.
func (c *cluster) url() string {
	var all []string
	for _, n := range c.nodes {
		all = append(all, n.address)
	}
	return "postgres://postgres@" + strings.Join(all, ",") + "/postgres?sslmode=disable&target_session_attrs=read-write"
}

// wait returns when the node that takes what is written is as wanted.
func (c *cluster) wait(what string, wanted func(*pgx.Conn) bool) {
	c.t.Helper()
	for until := time.Now().Add(90 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		conn, err := pgx.Connect(c.t.Context(), c.url()+"&connect_timeout=2")
		good := err == nil && wanted(conn)
		if err == nil {
			_ = conn.Close(c.t.Context())
		}
		if good {
			return
		}
		if time.Now().After(until) {
			c.t.Fatalf("%s: not so after 90 s (%v)", what, err)
		}
	}
}

// The primary of a Patroni cluster is killed, or hangs, with its Patroni. The replica
// takes over; Postern finds it by target_session_attrs, and nothing that was
// acknowledged is lost.
func TestDrillFailOver(t *testing.T) { //nolint:paralleltest // drills measure seconds
	drill(t)
	for _, fault := range []struct { //nolint:paralleltest // drills measure seconds
		name   string
		signal syscall.Signal
	}{
		{"Patroni: the primary is killed (-9), the replica takes over", syscall.SIGKILL},
		{"Patroni: the primary hangs (SIGSTOP), the replica takes over", syscall.SIGSTOP},
	} {
		t.Run(fault.name, func(t *testing.T) {
			c := newCluster(t)
			p := built(t)
			s := newSite(t, p, c.url())
			a, b := p.serve(t, s.serve...), p.serve(t, s.serve...)
			l := newLoad(crowd, a, b)
			l.more(t, 20)
			l.begin()
			began := time.Now()
			c.nodes[0].signal(fault.signal)
			l.more(t, 20)
			a.waitReady(200)
			if fault.signal == syscall.SIGSTOP {
				time.Sleep(time.Until(began.Add(hangs)))
				l.balance(a)
				b.wantNobodyWaiting()
				c.nodes[0].signal(syscall.SIGCONT) // it must not take anything any more
				l.more(t, 20)
			}
			l.stop()
			l.settle(t, fault.name, c.url()).print()
		})
	}
}
