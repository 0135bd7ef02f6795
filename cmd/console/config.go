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
}

// Run prints one line a change; exit code 2 says that there are some.
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
	state, err := configdoc.Read(ctx, db.Store)
	if err != nil {
		return err
	}
	changes, err := doc.Plan(state)
	if err != nil {
		return documentError(c.File, err, io.err)
	}
	printChanges(io.out, changes)
	if len(changes) > 0 {
		return exitCode{code: 2}
	}
	return nil
}

type configApplyCmd struct {
	databaseFlags
	File string `arg:"" help:"The document (YAML)."`
}

// Run applies the document and prints the changes.
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
	changes, err := doc.Apply(ctx, db.Store, model.Actor{Name: "config apply"})
	if err != nil {
		return documentError(c.File, err, io.err)
	}
	printChanges(io.out, changes)
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

func printChanges(w io.Writer, changes []configdoc.Change) {
	for _, ch := range changes {
		fmt.Fprintln(w, ch)
	}
	if len(changes) == 0 {
		fmt.Fprintln(w, "no changes")
	}
}
