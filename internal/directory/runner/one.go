package runner

import (
	"context"
	"errors"
	"time"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// atLogin is how long a login waits for its sources at most, all together.
const atLogin = 2 * time.Second

// OneReader is a Reader that can be asked for one person.
type OneReader interface {
	ReadOne(ctx context.Context, who string) (directory.One, error)
}

// ReadAtLogin reads the person of a login from the sources that are to be asked, and
// does what they say, as a run would. It takes two seconds at most, and a login goes on
// whatever comes of it: that is what the checks say, for its trace. None: no source is
// to be asked.
func (r *Runner) ReadAtLogin(ctx context.Context, connection string, p model.Person) []model.Check {
	ctx, cancel := context.WithTimeout(ctx, atLogin)
	defer cancel()
	sources, err := r.store.SourcesAtLogin(ctx, connection, p)
	if err != nil {
		r.log.WarnContext(ctx, "a login could not ask which sources to read", "error", err)
		return nil
	}
	var checks []model.Check
	for _, s := range sources {
		state, note := r.readOne(ctx, s)
		checks = append(checks, model.Check{ID: "read_at_login", State: state, Received: s.Source.Slug, Note: note})
	}
	return checks
}

func (r *Runner) readOne(ctx context.Context, s store.AtLogin) (model.CheckState, string) {
	one, err := r.askForOne(ctx, s)
	if err != nil {
		return model.CheckSkipped, "The login went on without: " + r.whyNot(ctx, s, err)
	}
	if !one.Found {
		return model.CheckSkipped, "The source did not have the person. Who is missing is for the next run to tell; the login went on."
	}
	done, plan, err := r.store.TakeOne(ctx, s.Source, one)
	switch {
	case errors.Is(err, store.ErrRunning):
		return model.CheckSkipped, "The source was being run at that moment, so the run decided. The login went on."
	case err != nil:
		return model.CheckSkipped, "The login went on without: " + r.whyNot(ctx, s, err)
	case done.Outcome == model.SCIMHeld:
		return model.CheckPassed, "The source says something else than is known here, but it is over a limit of the source: " +
			"nothing was changed, and a person decides about it after the next run."
	case len(plan.Changes) == 0:
		return model.CheckPassed, "The source says what is known here."
	default:
		return model.CheckPassed, "What the source says was taken over before the login was decided: " +
			model.Count(len(plan.Changes)-len(done.Skipped), "change.", "changes.")
	}
}

func (r *Runner) askForOne(ctx context.Context, s store.AtLogin) (one directory.One, err error) {
	reader, err := r.Reader(ctx, s.Source)
	if err != nil {
		return one, err
	}
	ask, ok := reader.(OneReader)
	if !ok {
		return one, nil
	}
	if one, err = ask.ReadOne(ctx, s.Ask); err != nil || !one.Found {
		return one, err
	}
	return one, storableIDs(model.Reading{People: []model.SourcePerson{one.Person}})
}

// whyNot says why a source could not be read, without what is secret.
func (r *Runner) whyNot(ctx context.Context, s store.AtLogin, err error) string {
	var read *directory.ReadError
	var unusable *directory.Unusable
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded): // whatever a reader says of it
		return "the two seconds for it were over."
	case errors.As(err, &read):
		return read.Detail
	case errors.As(err, &unusable):
		return unusable.Detail
	case ctx.Err() != nil:
		return "the browser was gone."
	case errors.Is(err, store.ErrConflict):
		return "the source was changed meanwhile."
	}
	r.log.WarnContext(ctx, "a login could not read its person from a source", "source", s.Source.Slug, "error", err)
	return "something went wrong here; the log says what."
}
