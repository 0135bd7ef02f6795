package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// read reads the source to the end. Of one that pushes it is what it has told so far.
func (w *work) read(ctx context.Context, src model.Source) (directory.Input, error) {
	if !src.Kind.Reads() {
		return w.store.PushedInput(ctx, src)
	}
	in := directory.Input{Source: src}
	reader, err := w.Reader(ctx, src)
	if err != nil {
		return in, err
	}
	if in.Reading, err = reader.Read(ctx, w.progress); err != nil {
		return in, err
	}
	return in, storableIDs(in.Reading)
}

// Reader is what reads a source, with its secret.
func (r *Runner) Reader(ctx context.Context, src model.Source) (Reader, error) {
	secret, err := r.secret(ctx, src)
	if err != nil {
		return nil, err
	}
	return r.open(ctx, src, secret)
}

// secret is what the source is read with, opened; nil: nothing is kept.
func (r *Runner) secret(ctx context.Context, src model.Source) ([]byte, error) {
	sealed, err := r.store.SourceSecret(ctx, src.Slug)
	if err != nil || sealed == nil {
		return nil, err
	}
	secret, err := r.secrets.Open(sealed, model.SealedSourceSecret(src.Slug))
	if err != nil {
		return nil, &directory.ReadError{Reason: "secret_unreadable", Detail: "The secret of the source was sealed with a key that is not here any more.",
			Remedy: "Give it again, on the source's page or with console source secret.", Err: err}
	}
	return secret, nil
}

// maxID limits a stable id, in bytes: it is looked up in an index.
const maxID = 1024

// storableIDs refuses a reading with ids that could not be kept as they are: kept
// otherwise, they would be other people's.
func storableIDs(r model.Reading) error {
	bad := func(id string) bool { return len(id) > maxID || !utf8.ValidString(id) || strings.ContainsRune(id, 0) }
	refuse := func(what, name string) error {
		return &directory.Unusable{Reason: "bad_id", Detail: fmt.Sprintf("The id of the %s “%s” is no text, or has more than %d bytes: "+
			"choose another attribute as the id. Nothing was changed.", what, name, maxID)}
	}
	for _, p := range r.People {
		if bad(p.StableID) {
			return refuse("person", p.Username)
		}
	}
	for _, g := range r.Groups {
		if bad(g.StableID) {
			return refuse("group", g.Name)
		}
	}
	return nil
}

// fail ends the run with what went wrong, in words. A run whose worker is to stop, or
// has lost the source, is not ended by it.
func (w *work) fail(ctx context.Context, err error) error {
	if errors.Is(err, store.ErrRunLost) || errors.Is(context.Cause(ctx), store.ErrRunLost) {
		return store.ErrRunLost
	}
	outcome, reason, detail, remedy := verdict(ctx, err)
	if reason == "internal" {
		w.log.WarnContext(ctx, "a run of a source failed", "source", w.run.Source, "run", w.run.ID, "error", err)
	}
	after := context.WithoutCancel(ctx)
	if err := w.store.EndRun(after, w.run, w.worker, outcome, reason, detail, remedy); err != nil {
		return err
	}
	w.run, err = w.store.SourceRun(after, w.run.Source, w.run.ID)
	return err
}

// verdict is how a run ends that could not be planned.
func verdict(ctx context.Context, err error) (outcome model.RunOutcome, reason, detail, remedy string) {
	var read *directory.ReadError
	var unusable *directory.Unusable
	switch {
	case ctx.Err() != nil:
		return model.RunFailed, store.RunInterrupted, "The process that read ended in the middle. Nothing was changed.", ""
	case errors.As(err, &unusable):
		return model.RunFailed, unusable.Reason, unusable.Detail, ""
	case errors.As(err, &read) && read.Incomplete:
		return model.RunIncomplete, read.Reason, read.Detail, read.Remedy
	case errors.As(err, &read):
		return model.RunFailed, read.Reason, read.Detail, read.Remedy
	case errors.Is(err, store.ErrConflict):
		return model.RunFailed, "settings_changed", "The settings of the source were changed while it was read. Nothing was changed here.", "Run it again."
	default:
		return model.RunFailed, "internal", "Something went wrong here, not in the source. Nothing was changed. The log says what.", ""
	}
}

// detail says why a plan waits; empty where it does not.
func detail(src model.Source, run model.SourceRun, approved string, outcome model.RunOutcome, plan model.SourcePlan) string {
	another := ""
	if approved != "" && approved != plan.Digest {
		another = "The source says something else by now than when the plan was made that was approved. "
	}
	switch {
	case outcome == model.RunHeld:
		return another + "It would change more than the limits let through without a person."
	case outcome != model.RunDry:
		return strings.TrimSpace(another)
	case run.Dry:
		return "A dry run was asked for."
	case src.Status == model.SourceDraft:
		return another + "The source is a draft: its plan waits for a person, who makes it live by approving."
	case src.Status == model.SourcePaused:
		return another + "The source is paused."
	case src.NextIsDry:
		return another + "A run was undone: the next plan waits for a person."
	case src.ApprovedFor == "":
		return another + "The first plan of a source waits for a person."
	default:
		return another + "What is read was changed: the first plan since then waits for a person."
	}
}
