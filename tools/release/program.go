package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// build builds the program as the Dockerfile does, with the commit told: the
// folder and its history leave no trace in it.
func (r *release) build(ctx context.Context, arch, work string) (program string, err error) {
	program = filepath.Join(work, "console")
	link := fmt.Sprintf("-s -w -X main.version=%s -X 'main.revision=%s'", r.version, r.commit)
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-ldflags", link, "-o", program, "./cmd/console")
	build.Dir, build.Stdout, build.Stderr = r.root, os.Stdout, os.Stderr
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOAMD64=v1", "GOARM64=v8.0", "GOWORK=off",
		"GOFLAGS=-mod=readonly", "GOEXPERIMENT=")
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("go build: %w", err)
	}
	return program, nil
}
