package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
)

// message is what a simulated AWS sends of its own accord, in files, and the
// flags with which it is good.
type message struct {
	*site
	response string // the file
	xml      string
	flags    []string
}

func newMessage(t *testing.T) message {
	t.Helper()
	const acs, entityID = "https://sso.example.com/saml/aws/acs", "https://sso.example.com/saml/aws/metadata"
	now := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	sim, err := awssim.New(awssim.Options{BaseURL: "https://aws.example", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	app, err := sim.AddApplication(awssim.StandardApplication("Postern", acs, entityID))
	if err != nil {
		t.Fatal(err)
	}
	sent, err := sim.SignIn(app.ID, "alice", "", "")
	if err != nil {
		t.Fatal(err)
	}
	m := message{site: &site{dir: t.TempDir()}, xml: string(sent.XML)}
	m.response = m.write(t, "response.xml", []byte(m.xml))
	m.flags = []string{"--metadata", m.write(t, "aws.xml", sim.Metadata(app.ID)),
		"--entity-id", entityID, "--acs", acs, "--at", now.Format(time.RFC3339)}
	return m
}

// inspect gives further flags last, so that they win.
func (m message) inspect(t *testing.T, response string, flags ...string) (code int, stdout, stderr string) {
	t.Helper()
	args := append([]string{"inspect", response}, m.flags...)
	return command(t, append(args, flags...)...)
}

func TestInspectAccepted(t *testing.T) {
	t.Parallel()
	m := newMessage(t)
	code, out, errs := m.inspect(t, m.response, "--json")
	var v struct {
		Accepted *bool         `json:"accepted"`
		Verdict  string        `json:"verdict"`
		NameID   string        `json:"name_id"`
		Code     *model.Code   `json:"code"`
		Checks   []model.Check `json:"checks"`
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v: %q, %q", err, out, errs)
	}
	if code != 0 || v.Accepted == nil || !*v.Accepted || v.Verdict != "accepted" || v.NameID == "" || v.Code == nil || *v.Code != "" || len(v.Checks) < 10 {
		t.Errorf("exit %d, printed\n%s", code, out)
	}
	code, out, errs = m.inspect(t, m.response)
	if code != 0 || !strings.HasSuffix(out, "\naccepted: "+v.NameID+"\n") {
		t.Errorf("as text: exit %d, printed\n%s%s", code, out, errs)
	}
	args := append([]string{"inspect", "-"}, m.flags...)
	if code, out, errs := commandIn(t, m.xml, args...); code != 0 {
		t.Errorf("from standard input: exit %d\n%s%s", code, out, errs)
	}
}

func TestInspectRefused(t *testing.T) {
	t.Parallel()
	m := newMessage(t)
	forged := m.write(t, "forged.xml", []byte(strings.ReplaceAll(m.xml, "alice@example.com", "root@example.com")))
	if !strings.Contains(m.xml, "alice@example.com") {
		t.Fatal("there is nothing to forge")
	}
	for name, c := range map[string]struct {
		response string
		flags    []string
		code     model.Code
	}{
		"forged":         {forged, nil, model.CodeSignatureInvalid},
		"too late":       {m.response, []string{"--at", "2026-11-03T14:00:00Z"}, model.CodeExpired},
		"other audience": {m.response, []string{"--entity-id", "https://other.example"}, model.CodeAudienceMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := m.inspect(t, c.response, append(c.flags, "--json")...)
			var v verdict
			if err := json.Unmarshal([]byte(out), &v); err != nil {
				t.Fatalf("%v: %q, %q", err, out, errs)
			}
			if code != 2 || v.Verdict != "refused" || v.Code != c.code || !strings.Contains(out, `"accepted": false`) {
				t.Errorf("exit %d, want 2 and %s:\n%s", code, c.code, out)
			}
			code, out, errs = m.inspect(t, c.response, c.flags...)
			if code != 2 || !strings.Contains(out, "\nrefused ("+string(c.code)+"): ") || errs != "" {
				t.Errorf("as text: exit %d, printed\n%s%s", code, out, errs)
			}
		})
	}
}

func TestInspectFailed(t *testing.T) {
	t.Parallel()
	m := newMessage(t)
	for name, c := range map[string]struct {
		response string
		flags    []string
		reason   string
	}{
		"no response":   {m.response + ".none", nil, "read the response: open "},
		"no metadata":   {m.response, []string{"--metadata", m.response + ".none"}, "read the metadata: open "},
		"not metadata":  {m.response, []string{"--metadata", m.response}, m.response + ": "},
		"not a time":    {m.response, []string{"--at", "noon"}, `--at "noon": want a time such as `},
		"too much skew": {m.response, []string{"--clock-skew", "1h"}, "--clock-skew 1h0m0s: want 0s to 5m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := m.inspect(t, c.response, c.flags...)
			wantFailure(t, code, out, errs, c.reason)
		})
	}
}
