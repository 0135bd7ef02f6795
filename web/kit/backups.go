package kit

import (
	"sync"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Backups is how the backups do that this process makes by itself. Nil is a process
// that makes none.
type Backups struct {
	mu    sync.Mutex
	state BackupState
}

// BackupState is how they do.
type BackupState struct {
	Last    time.Time // when the newest that is there was made; zero: there is none
	Since   time.Time // since when they fail; zero: they do not
	Problem string    // why, as a sentence
}

// Made says that there is one of that time.
func (b *Backups) Made(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = BackupState{Last: at}
}

// Failed says that one could not be made, and when the newest was made that is there;
// last is zero where there is none, or the folder cannot be read.
func (b *Backups) Failed(at, last time.Time, problem string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if last.After(b.state.Last) {
		b.state.Last = last
	}
	if b.state.Problem = problem; b.state.Since.IsZero() {
		b.state.Since = at
	}
}

// State is how they do now, and whether this process makes any.
func (b *Backups) State() (BackupState, bool) {
	if b == nil {
		return BackupState{}, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state, true
}

// Words are what is said of backups that fail; empty when they do not.
func (s BackupState) Words() string {
	if s.Since.IsZero() {
		return ""
	}
	text := "Since " + model.Moment(s.Since) + ": " + s.Problem + " It is tried again."
	if s.Last.IsZero() {
		return text + " There is no backup yet."
	}
	return text + " The newest backup is of " + model.Moment(s.Last) + "."
}
