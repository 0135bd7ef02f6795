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
	node, script, err := findNodeScript("scim-patch", "scim.mjs")
	if err != nil {
		missingPeer(t, err)
	}
	data, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, script)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(append(data, '\n')), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("scim-patch: %v", err)
	}
	var answers []SCIMAnswer
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(questions) {
		t.Fatalf("scim-patch said %q: %v", out, err)
	}
	return answers
}
