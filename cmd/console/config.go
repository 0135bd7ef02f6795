package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/postern-sso/postern/internal/configdoc"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/ui"
)

type configCmd struct {
	Export configExportCmd `cmd:"" help:"Print the whole configuration as one document, secrets left out."`
	Plan   configPlanCmd   `cmd:"" help:"Say what apply would change. Exit 0: nothing, 2: something."`
	Apply  configApplyCmd  `cmd:"" help:"Make the database match the document, in one transaction."`
}

type configExportCmd struct{ databaseFlags }

// Run prints the document.
func (c *configExportCmd) Run(ctx context.Context, io streams) (err error) {
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	state, err := configdoc.Read(ctx, db.Store)
	if err != nil {
		return err
	}
	doc, err := configdoc.Export(state)
	if err != nil {
		return err
	}
	if err := db.RecordAudit(ctx, shell, "config.export", "", ""); err != nil { // it names every user
		return err
	}
	_, err = io.out.Write(doc)
	return err
}

type configPlanCmd struct {
	databaseFlags
	File string `arg:"" help:"The document (YAML)."`
	JSON bool   `help:"Print one object: changes, people, apps, and how many people are locked out."`
}

// Run prints one line a change, and what that does to people; exit code 2 says
// that there are changes.
func (c *configPlanCmd) Run(ctx context.Context, io streams) (err error) {
	doc, err := readDocument(c.File, io.err)
	if err != nil {
		return err
	}
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	planned, err := doc.Rehearse(ctx, db.Store, configApply)
	if err != nil {
		return documentError(c.File, err, io.err)
	}
	if c.JSON {
		err = printOutcomeJSON(io.out, planned)
	} else {
		printOutcome(io.out, planned)
	}
	if err == nil && len(planned.Changes) > 0 {
		return exitCode{code: 2}
	}
	return err
}

// configApply is who applies documents.
var configApply = model.Actor{Name: "config apply"}

type configApplyCmd struct {
	databaseFlags
	File         string `arg:"" help:"The document (YAML)."`
	AllowLockOut bool   `help:"Apply it although people who can sign in today could not any more."`
}

// Run applies the document and prints the changes. One that locks people out
// changes nothing, unless that is allowed.
func (c *configApplyCmd) Run(ctx context.Context, io streams) (err error) {
	doc, err := readDocument(c.File, io.err)
	if err != nil {
		return err
	}
	db, err := c.openMigrated(ctx, quiet())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(ctx)) }()
	applied, err := doc.ApplyUnlessLockedOut(ctx, db.Store, configApply, c.AllowLockOut)
	var lockOut *configdoc.LockOutError
	if errors.As(err, &lockOut) {
		printOutcome(io.err, lockOut.Outcome)
		return fmt.Errorf("nothing was changed: %w. Change the document, or give --allow-lock-out to do it all the same", lockOut)
	}
	if err != nil {
		return documentError(c.File, err, io.err)
	}
	printOutcome(io.out, applied)
	return nil
}

// readDocument reads and judges the document; every problem is printed with its
// line.
func readDocument(file string, errs io.Writer) (*configdoc.Document, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	doc, problems := configdoc.Parse(data, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(file), name)
		}
		return os.ReadFile(name)
	})
	if len(problems) > 0 {
		return nil, documentError(file, problems, errs)
	}
	return doc, nil
}

// documentError prints every problem of the document on a line of its own.
func documentError(file string, err error, w io.Writer) error {
	var problems configdoc.Problems
	if !errors.As(err, &problems) {
		return err
	}
	for _, p := range problems {
		fmt.Fprintf(w, "%s:%d: %s\n", file, p.Line, p)
	}
	return fmt.Errorf("nothing was changed: %s has %s", file, ui.Count(len(problems), "problem", "problems"))
}
