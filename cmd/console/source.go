package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/runner"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/ui"
)

type sourceCmd struct {
	List    sourceListCmd    `cmd:"" help:"List the sources."`
	Test    sourceTestCmd    `cmd:"" help:"Try a source step by step, and show people as a run would read them. Nothing is changed."`
	Sync    sourceSyncCmd    `cmd:"" help:"Run a source in this process, with this shell's AWS credentials."`
	Approve sourceApproveCmd `cmd:"" help:"Read a source again, and carry out the plan of a run if it is still the same."`
	Secret  sourceSecretCmd  `cmd:"" help:"Give the password or keys by which a source is read, on standard input; for a SCIM source, print a new token once."`
}

// sourceFlags are what a command about one source needs.
type sourceFlags struct {
	databaseFlags
	secretFlags
	Slug string `arg:"" help:"The source's slug."`
}

// openSources opens the database and what runs its sources.
func (f sourceFlags) openSources(ctx context.Context) (*database, *runner.Runner, model.Source, error) {
	db, err := f.openMigrated(ctx, quiet())
	if err != nil {
		return nil, nil, model.Source{}, err
	}
	src, err := db.Source(ctx, f.Slug)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("no source has the slug %q; “console source list” shows them", f.Slug)
	}
	if err == nil {
		sealer, openErr := f.openSealer(ctx, db, f.DataDir)
		if err = openErr; err == nil {
			return db, runner.New(db.Store, sealer, runner.Open(db.Store), quiet()), src, nil
		}
	}
	return nil, nil, src, errors.Join(err, db.close(ctx))
}

type sourceListCmd struct {
	databaseFlags
}

// Run prints the sources, one a line.
func (c *sourceListCmd) Run(ctx context.Context, io streams) (err error) {
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	sources, err := db.Sources(ctx)
	if err != nil {
		return err
	}
	last, err := db.LastRuns(ctx)
	if err != nil {
		return err
	}
	for _, s := range sources {
		line := fmt.Sprintf("%-20s %-5s %-7s %s", s.Slug, s.Kind, s.Status, s.Name)
		if r, ok := last[s.Slug]; ok {
			line += fmt.Sprintf("; run %d of %s: %s", r.ID, r.StartedAt.UTC().Format("2006-01-02 15:04 UTC"), r.Outcome)
		}
		fmt.Fprintln(io.out, line)
	}
	if len(sources) == 0 {
		fmt.Fprintln(io.out, "There are no sources.")
	}
	return nil
}

type sourceTestCmd struct{ sourceFlags }

// Run tries the source.
func (c *sourceTestCmd) Run(ctx context.Context, io streams) (err error) {
	db, run, src, err := c.openSources(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	if !src.Kind.Reads() {
		return fmt.Errorf("%s is a source of kind %s: it is not read, an identity provider pushes", src.Slug, src.Kind)
	}
	t, err := run.Test(ctx, src, nil)
	if err != nil {
		return err
	}
	for _, step := range t.Steps {
		fmt.Fprintf(io.out, "%-8s %s: %s\n", step.State, step.Title, step.Detail)
		if step.Remedy != "" {
			fmt.Fprintln(io.out, "         "+step.Remedy)
		}
	}
	for _, p := range t.Sample {
		fmt.Fprintf(io.out, "person   %s, %s, %s %s\n", p.Username, p.Email, p.FirstName, p.LastName)
	}
	if slices.ContainsFunc(t.Steps, func(s directory.Step) bool { return s.State == directory.StepFailed }) {
		return errors.New("the test failed")
	}
	return nil
}

type sourceSyncCmd struct {
	sourceFlags
	DryRun bool `help:"Plan, and change nothing."`
	JSON   bool `name:"json" help:"Print the run as an object."`
}

// Run runs the source.
func (c *sourceSyncCmd) Run(ctx context.Context, io streams) (err error) {
	db, run, src, err := c.openSources(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	return syncSource(ctx, io.out, run, src.Slug, runner.Ask{Trigger: model.RunByHand, Actor: shell, Dry: c.DryRun}, c.JSON)
}

type sourceApproveCmd struct {
	sourceFlags
	Number int64 `arg:"" name:"run" help:"The run whose plan is approved."`
	JSON   bool  `name:"json" help:"Print the run as an object."`
}

// Run approves the plan.
func (c *sourceApproveCmd) Run(ctx context.Context, io streams) (err error) {
	db, run, src, err := c.openSources(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	err = syncSource(ctx, io.out, run, src.Slug, runner.Ask{Trigger: model.RunByApproval, Actor: shell, Approves: c.Number}, c.JSON)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("%s has no run %d", src.Slug, c.Number)
	case errors.Is(err, store.ErrConflict):
		return fmt.Errorf("the plan of run %d does not wait: it was decided, or a later run has a plan of its own", c.Number)
	case errors.Is(err, store.ErrTransition):
		return fmt.Errorf("%s is paused: nothing is carried out until it is live", src.Slug)
	default:
		return err
	}
}

// runJSON is a run as a script reads it. The names are a contract.
type runJSON struct {
	Run     int64            `json:"run"`
	Outcome model.RunOutcome `json:"outcome"`
	Reason  string           `json:"reason"`
	Detail  string           `json:"detail"`
	Counts  model.RunCounts  `json:"counts"`
	Holds   []model.Hold     `json:"holds,omitempty"`
	Changes int              `json:"changes"`
}

// syncSource runs a source and tells how it ended: exit code 0 where it is done or
// nothing was to be done, 2 where a plan with changes waits for a person, else 1.
func syncSource(ctx context.Context, out io.Writer, run *runner.Runner, slug string, a runner.Ask, asJSON bool) error {
	r, err := run.Sync(ctx, slug, a)
	if errors.Is(err, store.ErrRunning) {
		return fmt.Errorf("another run of %s is under way", slug)
	}
	if err != nil {
		return err
	}
	if asJSON {
		err := json.NewEncoder(out).Encode(runJSON{r.ID, r.Outcome, r.Reason, r.Detail, r.Counts, r.Holds, r.Changes})
		if err != nil {
			return err
		}
	} else {
		printRun(out, r)
	}
	switch {
	case r.Outcome == model.RunApplied || r.Outcome == model.RunNothing:
		return nil
	case r.Outcome == model.RunHeld, r.Outcome == model.RunDry && (r.Changes > 0 || a.Approves != 0):
		return exitCode{code: 2}
	case r.Outcome == model.RunDry:
		return nil
	default:
		return exitCode{code: 1, err: fmt.Errorf("%s: %s", r.Reason, r.Detail)}
	}
}

// runWords says how a run ended.
var runWords = map[model.RunOutcome]string{ //nolint:gochecknoglobals // a constant
	model.RunApplied: "carried out", model.RunNothing: "nothing was to be done", model.RunDry: "a dry run, nothing was changed",
	model.RunHeld:       "held: it waits for a person, nothing was changed",
	model.RunIncomplete: "cut off, nothing was changed", model.RunFailed: "failed, nothing was changed",
}

func printRun(out io.Writer, r model.SourceRun) {
	fmt.Fprintf(out, "Run %d of %s: %s.\n", r.ID, r.Source, runWords[r.Outcome])
	if r.Detail != "" && r.Outcome != model.RunFailed && r.Outcome != model.RunIncomplete {
		fmt.Fprintln(out, r.Detail)
	}
	n := r.Counts
	fmt.Fprintf(out, "Read %s and %s.\n", ui.Count(n.ReadUsers, "person", "people"), ui.Count(n.ReadGroups, "group", "groups"))
	for _, line := range []struct {
		n    int
		what string
	}{{n.Created, "created"}, {n.Updated, "updated or taken over"}, {n.Renamed, "renamed"}, {n.Deactivated, "deactivated"}, {n.Reactivated, "activated again"},
		{n.MembershipsAdded, "put into groups"}, {n.MembershipsRemoved, "taken out of groups"}, {n.Conflicts, "left for a person to decide"}} {
		if line.n > 0 {
			fmt.Fprintf(out, "%9s %s\n", strconv.Itoa(line.n), line.what)
		}
	}
	for _, h := range r.Holds {
		fmt.Fprintf(out, "Over a limit: %s\n", holdWords(h))
	}
	if r.Waits() {
		fmt.Fprintf(out, "To carry it out: console source approve %s %d\n", r.Source, r.ID)
	}
}

// holdWords says which limit a plan is over.
func holdWords(h model.Hold) string {
	before := ""
	if h.Before > 0 {
		before = fmt.Sprintf(", after %s in the last 24 hours", strconv.Itoa(h.Before))
	}
	switch h.Kind {
	case model.HoldDeactivations:
		return fmt.Sprintf("%s would be deactivated%s; %s are let through", ui.Count(h.Would, "person", "people"), before, strconv.Itoa(h.Allowed))
	case model.HoldRenames:
		return fmt.Sprintf("%s would be renamed%s; %s are let through", ui.Count(h.Would, "person", "people"), before, strconv.Itoa(h.Allowed))
	case model.HoldGroupShrinks:
		return fmt.Sprintf("%s of %s%s would leave the group %s%s; %s are let through",
			strconv.Itoa(h.Would), strconv.Itoa(h.Of), whomRulesPutIn(h), h.Group, before, strconv.Itoa(h.Allowed))
	case model.HoldGroupEmptied:
		if h.ByRule {
			return "everybody" + whomRulesPutIn(h) + " would leave the group " + h.Group
		}
		return fmt.Sprintf("the group %s would be emptied", h.Group)
	default:
		return string(h.Kind)
	}
}

func whomRulesPutIn(h model.Hold) string {
	if h.ByRule {
		return " whom rules put in"
	}
	return ""
}
