package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version and revision are set by the linker in releases. A release is the same
// wherever it is built, so it does not have what Go finds out of the folder.
var version, revision = "dev", ""

type versionCmd struct{}

// Run prints version, commit and Go version.
func (versionCmd) Run(io streams) error {
	_, err := fmt.Fprintf(io.out, "postern %s\ncommit %s\n%s %s/%s\n", version, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func commit() string {
	if revision != "" {
		return revision
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	found, modified := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			found = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = " (modified)"
		}
	}
	return found + modified
}
