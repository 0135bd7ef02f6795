package aws

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// Reader reads one identity store. It is for one reading, or one test, at a time.
type Reader struct {
	o      Options
	limits limits
	app    application // zero: none is read

	transport http.RoundTripper // tests put theirs in place of the network
	left      atomic.Int64      // bytes that may still be read in this run
}

var errRunOver = errors.New("the time of the run is over")

// New makes a reader, or says what is wrong with the settings (*directory.ReadError).
func New(o Options) (*Reader, error) {
	if err := check(o.Settings); err != nil {
		return nil, err
	}
	r := &Reader{o: o, limits: defaultLimits()}
	if o.Application != "" {
		app, ok := applicationOf(o.Application)
		if !ok {
			return nil, &directory.ReadError{Reason: "settings", Detail: "The connection's addresses at AWS do not tell which application it is.",
				Remedy: "Read the connection's metadata from AWS again, or choose no connection for this source."}
		}
		r.app = app
	}
	if !o.Settings.FromSurroundings && o.Keys.AccessKeyID != "" && !keyIDPattern.MatchString(o.Keys.AccessKeyID) {
		return nil, &directory.ReadError{Reason: "settings", Detail: "The access key ID is to be written as AWS shows it: 16 or more capital letters and digits."}
	}
	return r, nil
}

// Read reads everything to the end, or returns a *directory.ReadError. progress is
// told after each page how many people and groups there are so far; it may be nil.
func (r *Reader) Read(ctx context.Context, progress func(people, groups int)) (model.Reading, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.limits.run, errRunOver)
	defer cancel()
	s := &session{r: r, progress: progress}
	err := s.begin(ctx)
	for _, step := range []func(context.Context) error{s.readPeople, s.readGroups, s.readAssignments, s.readMembers, s.resolve} {
		if err == nil {
			err = step(ctx)
		}
	}
	if err != nil {
		e := r.explain(ctx, s.doing, err)
		e.Incomplete = s.answered
		return model.Reading{}, e
	}
	return s.reading(), nil
}

// GroupNames are the names of a reading's groups by their ids, which is what AWS
// sends for ${user:groups}.
func GroupNames(reading model.Reading) map[string]string {
	names := make(map[string]string, len(reading.Groups))
	for _, g := range reading.Groups {
		names[g.StableID] = g.Name
	}
	return names
}
