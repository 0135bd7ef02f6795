// Command release makes what people install, for Linux on amd64 and arm64, without
// an engine and the same wherever it is made: archives of the program, container
// images, Debian packages, the Helm chart, and lists of parts (CycloneDX), with
// checksums.
//
//	go run -C tools/release . -out dist
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	root := flags.String("root", filepath.Join("..", ".."), "folder of the source")
	out := flags.String("out", "", "folder to make it in (dist in the source)")
	version := flags.String("version", "", "version, as git describe says it (asked of git)")
	commit := flags.String("commit", "", "commit (asked of git)")
	arches := flags.String("arch", "amd64,arm64", "for which machines")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r, err := newRelease(ctx, *root, *version, *commit)
	if err != nil {
		return err
	}
	if *out == "" {
		*out = filepath.Join(r.root, "dist")
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	for _, arch := range strings.Split(*arches, ",") {
		if err := r.makeFor(ctx, arch, *out); err != nil {
			return fmt.Errorf("%s: %w", arch, err)
		}
	}
	if err := r.packChart(*out); err != nil {
		return fmt.Errorf("chart: %w", err)
	}
	if err := r.checksums(*out); err != nil {
		return err
	}
	fmt.Printf("%s of %s is in %s\n", r.version, r.time.Format("2006-01-02 15:04 UTC"), *out)
	return nil
}

// makeFor makes everything that holds the program.
func (r *release) makeFor(ctx context.Context, arch, out string) error {
	work, err := os.MkdirTemp("", "postern-release-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }() // nobody needs it any more
	program, err := r.build(ctx, arch, work)
	if err != nil {
		return err
	}
	for _, make := range []func(arch, program, out string) error{r.packProgram, r.packImage, r.packDeb, r.packParts} {
		if err := make(arch, program, out); err != nil {
			return err
		}
	}
	return nil
}
