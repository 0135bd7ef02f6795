package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

type inspectCmd struct {
	Response          string        `arg:"" help:"File with the SAML response: XML, base64 or a whole form body; “-” reads standard input."`
	Metadata          string        `required:"" help:"AWS's metadata file of the application." placeholder:"FILE"`
	At                string        `help:"Judge as if it were this time (RFC 3339); now when empty." placeholder:"TIME"`
	EntityID          string        `name:"entity-id" help:"Our entity ID, in AWS “Application SAML audience”." placeholder:"E"`
	ACS               string        `name:"acs" help:"Our assertion consumer service, in AWS “Application ACS URL”." placeholder:"URL"`
	RequestID         string        `name:"request-id" help:"ID of the request that the response answers." placeholder:"ID"`
	RequireSignatures string        `name:"require-signatures" enum:"both,assertion" default:"both" help:"both or assertion (${default})."`
	ClockSkew         time.Duration `name:"clock-skew" default:"3m" help:"Tolerance for clocks, at most 5m (${default})."`
	JSON              bool          `name:"json" help:"Print one object."`
}

// maxInspect is the largest response that is read, in bytes: base64 of the
// largest XML, with room for line breaks.
const maxInspect = 1 << 20

// Run judges the response. Exit code 2 says that it would be refused.
func (c *inspectCmd) Run(_ context.Context, io streams) error {
	now := time.Now()
	if c.At != "" {
		at, err := time.Parse(time.RFC3339, c.At)
		if err != nil {
			return fmt.Errorf("--at %q: want a time such as 2026-11-23T12:00:00Z", c.At)
		}
		now = at
	}
	if c.ClockSkew < 0 || c.ClockSkew > model.MaxClockSkew {
		return fmt.Errorf("--clock-skew %s: want 0s to %s", c.ClockSkew, model.MaxClockSkew)
	}
	response, err := readInput(c.Response, io.in)
	if err != nil {
		return fmt.Errorf("read the response: %w", err)
	}
	metadata, err := readInput(c.Metadata, io.in)
	if err != nil {
		return fmt.Errorf("read the metadata: %w", err)
	}
	idp, err := sso.ParseMetadata(metadata, sso.MetadataOptions{Now: now, AllowLoopbackHTTP: true, ToJudge: true})
	if err != nil {
		return fmt.Errorf("%s: %w", c.Metadata, err)
	}
	v := sso.Inspect(response, sso.InspectOptions{
		Metadata: idp, Now: now, EntityID: c.EntityID, ACSURL: c.ACS, RequestID: c.RequestID,
		RequireSignatures: model.SignatureRequirement(c.RequireSignatures), ClockSkew: c.ClockSkew,
	})
	if err := printVerdict(io.out, v, c.JSON); err != nil {
		return err
	}
	if v.Refusal != nil {
		return exitCode{code: 2}
	}
	return nil
}

func readInput(name string, in io.Reader) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // only read from
		in = f
	}
	return io.ReadAll(io.LimitReader(in, maxInspect+1))
}

func printVerdict(w io.Writer, v sso.Verdict, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	for _, ch := range v.Checks {
		fmt.Fprintf(w, "%-8s %s\n", ch.State, ch.Title)
		printEvidence(w, ch)
	}
	if v.Refusal == nil {
		fmt.Fprintf(w, "\naccepted: %s\n", v.NameID)
		return nil
	}
	cause := sso.CauseOf(*v.Refusal, sso.Neighborhood{})
	fmt.Fprintf(w, "\nrefused (%s): %s\n%s\n%s\n", v.Refusal.Code, sso.Explain(v.Refusal.Code).Title, cause.Happened, cause.Fix)
	return nil
}
