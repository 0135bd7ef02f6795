package peertest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// SCIMQuestion is a document with operations of a PATCH, or with a filter.
type SCIMQuestion struct {
	Document   json.RawMessage `json:"document"`
	Operations json.RawMessage `json:"operations"`
	Filter     string          `json:"filter"` // empty: a PATCH
}

// SCIMAnswer is what came out: the changed document, or whether the filter fits.
type SCIMAnswer struct {
	Document json.RawMessage
	Fits     bool
	Error    string
}

// AskSCIM has the npm packages scim-patch and scim2-parse-filter answer.
//
// Without Node.js or the packages the test is skipped, or fails when the
// environment says REQUIRE_PEERS=1. scripts/setup test installs both.
func AskSCIM(t testing.TB, questions []SCIMQuestion) []SCIMAnswer {
	t.Helper()
	var answers []SCIMAnswer
	if said := askNode(t, "scim-patch", "scim.mjs", questions, &answers); len(answers) != len(questions) {
		t.Fatalf("scim-patch said %q", said)
	}
	return answers
}

// JudgeSCIM has the npm package scimmy judge answers of a SCIM server, each a JSON
// object: resources, lists, errors, schemas. It returns for each what is wrong with it.
// Without scimmy it does as AskSCIM does without its packages.
func JudgeSCIM(t testing.TB, answers []json.RawMessage) [][]string {
	t.Helper()
	var faults [][]string
	if said := askNode(t, "scimmy", "scimmy.mjs", answers, &faults); len(faults) != len(answers) {
		t.Fatalf("scimmy said %q", said)
	}
	return faults
}

// askNode gives a script that needs an npm package one JSON line, and reads what it
// says into answer. It returns that as it came.
func askNode(t testing.TB, pkg, name string, question, answer any) []byte {
	t.Helper()
	node, script, err := findNodeScript(pkg, name)
	if err != nil {
		missingPeer(t, err)
	}
	data, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, script)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(append(data, '\n')), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", pkg, err)
	}
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("%s said %q: %v", pkg, out, err)
	}
	return out
}
