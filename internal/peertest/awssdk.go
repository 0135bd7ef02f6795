package peertest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// AWSSettings is what AWS's SDK for JavaScript is configured with.
type AWSSettings struct {
	Endpoint    string         `json:"endpoint"`
	Region      string         `json:"region"`
	Credentials AWSCredentials `json:"credentials"`
	Calls       []AWSCall      `json:"calls"`
}

// AWSCredentials is a key that requests are signed with.
type AWSCredentials struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken,omitempty"`
}

// AWSCall is one call, or with Pages as many as the SDK's paginator makes.
type AWSCall struct {
	Service   string         `json:"service"` // identitystore, sso, sts
	Operation string         `json:"operation"`
	Input     map[string]any `json:"input"`
	Pages     bool           `json:"pages"`
}

// AWSResult is what a call gave: one of the three.
type AWSResult struct {
	Answer json.RawMessage
	Pages  []json.RawMessage
	Error  *AWSError
}

// AWSError is an error as the SDK tells it.
type AWSError struct {
	Name, Message, Reason, Type string
	Status                      int
}

// CallAWS makes the calls one after the other with AWS's SDK for JavaScript.
//
// Without Node.js or the packages the test is skipped, or fails when the
// environment says REQUIRE_PEERS=1. scripts/setup test installs both.
func CallAWS(t testing.TB, s AWSSettings) []AWSResult {
	t.Helper()
	node, script, err := findNodeScript("@aws-sdk/client-identitystore", "aws-sdk.mjs")
	if err != nil {
		missingPeer(t, err)
	}
	for i := range s.Calls {
		if s.Calls[i].Input == nil {
			s.Calls[i].Input = map[string]any{}
		}
	}
	settings, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, script)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(append(settings, '\n')), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("AWS's SDK for JavaScript: %v", err)
	}
	var results []AWSResult
	if err := json.Unmarshal(out, &results); err != nil || len(results) != len(s.Calls) {
		t.Fatalf("AWS's SDK for JavaScript said %q: %v", out, err)
	}
	return results
}
