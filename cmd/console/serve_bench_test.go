package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// BenchmarkServeStart measures the time until Postern is ready, with a database
// that is there and migrated.
func BenchmarkServeStart(b *testing.B) {
	db, key := storetest.Database(b), filepath.Join(b.TempDir(), "secret.key")
	var total time.Duration
	for b.Loop() {
		began := time.Now()
		_, stop := startServe(b, "--database-url", db, "--secret-key-file", key)
		total += time.Since(began)
		b.StopTimer()
		if code := stop(); code != 0 {
			b.Fatalf("serve: exit %d", code)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(total.Microseconds())/1000/float64(b.N), "ms/start")
}

// BenchmarkIdleMemory reports what a Postern holds that has nothing to do: the
// Go memory of one in this process, and the whole of one in its own.
func BenchmarkIdleMemory(b *testing.B) {
	db, dir := storetest.Database(b), b.TempDir()
	program := filepath.Join(dir, "console")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	flags := []string{"--database-url", db, "--secret-key-file", filepath.Join(dir, "secret.key")}
	const megabyte = 1 << 20
	for b.Loop() {
		_, stop := startServe(b, flags...)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		stop()
		b.ReportMetric(float64(m.HeapInuse+m.StackInuse)/megabyte, "MB-heap+stack")
		b.ReportMetric(float64(residentMemory(b, program, flags))/megabyte, "MB-resident")
	}
}

// residentMemory starts the program, waits until it is ready, and returns its
// resident memory in bytes.
func residentMemory(b *testing.B, program string, flags []string) int {
	b.Helper()
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--public-url", "http://localhost:8080"}, flags...)
	cmd := exec.CommandContext(b.Context(), program, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			b.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			b.Errorf("serve: %v", err)
		}
	}()
	ready := false
	for lines := bufio.NewScanner(out); !ready && lines.Scan(); {
		ready = strings.HasPrefix(lines.Text(), "Postern is ready: ")
	}
	if !ready {
		b.Fatal("the program ended before it was ready")
	}
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "status"))
	if err != nil {
		b.Skip("this system does not tell: ", err)
	}
	_, after, _ := strings.Cut(string(status), "\nVmRSS:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	n, err := strconv.Atoi(kilobytes)
	if err != nil {
		b.Fatalf("VmRSS: %v", err)
	}
	return n << 10
}
