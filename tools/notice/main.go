// Command notice prints NOTICE: what others wrote of the program, and under
// which licence. That are the modules linked into ./cmd/console on Linux, and
// what web/static/vendor takes from npm.
//
//	go run -C tools ./notice >NOTICE
//
// It fails for a part without a licence, or with one that nobody knows.
package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
)

const root = ".." // the tools are run in their own folder

const preamble = `Postern
Copyright 2026 The Postern authors

Postern is licensed under the Apache License, Version 2.0 (see LICENSE). The program also holds what others wrote, listed here with
the licences, whose texts follow. The Go standard library is under the licence of golang.org/x. "make notice" writes this file.

`

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "notice:", err)
		os.Exit(1)
	}
}

func run() error {
	modules, err := linked(root)
	if err != nil {
		return err
	}
	files, err := vendored(root + "/web/static/vendor")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(os.Stdout)
	if _, err := w.WriteString(preamble + notice(append(modules, files...))); err != nil {
		return err
	}
	return w.Flush()
}

// part is what somebody else wrote.
type part struct {
	name  string   // of the module or npm package
	ids   []string // of its licences, as SPDX has them
	texts []string // of the licences, and of notices that go with them
}

// notice lists the parts and then each text once, with those that it is for.
func notice(parts []part) string {
	slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.name, b.name) })
	var list, texts strings.Builder
	var order []string
	users := map[string][]string{}
	for _, p := range parts {
		fmt.Fprintf(&list, "  %-52s %s\n", p.name, strings.Join(p.ids, ", "))
		for _, text := range p.texts {
			if users[text] == nil {
				order = append(order, text)
			}
			users[text] = append(users[text], p.name)
		}
	}
	for _, text := range order {
		fmt.Fprintf(&texts, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(users[text], "\n"), text)
	}
	return list.String() + texts.String()
}
