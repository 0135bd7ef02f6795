package model

import "time"

// JobKind is what a job does.
type JobKind string

// Kinds of jobs.
const (
	JobImport     JobKind = "import"
	JobImportUndo JobKind = "import_undo"
)

// JobKinds are all kinds.
func JobKinds() []JobKind { return []JobKind{JobImport, JobImportUndo} }

// JobState is how far a job is.
type JobState string

// States of jobs.
const (
	JobWaiting  JobState = "waiting"
	JobRunning  JobState = "running"
	JobDone     JobState = "done"
	JobCanceled JobState = "canceled"
	JobFailed   JobState = "failed"
)

// Job is work that goes on after the request that started it, in parts. A part is
// done whole or not at all, and once.
type Job struct {
	ID         int64
	Kind       JobKind
	State      JobState
	Actor      Actor // who started it
	CreatedAt  time.Time
	StartedAt  time.Time // zero: not yet
	FinishedAt time.Time // zero: not yet
	Total      int       // rows to do
	Done       int       // up to this row
	Made       int       // users
	Changed    int       // users
	Kept       int       // rows that could not be done
	Aside      int       // rows that were set aside at the start
	Problem    string    // JobFailed: why
	CanceledBy string    // who wants it to end
	Undoes     int64     // the job that this one undoes; zero: none
	UndoneBy   int64     // the job that undoes this one; zero: none
	AuditID    int64     // the entry of the audit that begins what it does
	Columns    []string  // of the rows that were set aside
}

// Over tells whether nothing more is done.
func (j Job) Over() bool {
	return j.State == JobDone || j.State == JobCanceled || j.State == JobFailed
}

// CanUndo tells whether what the job did can be undone at that time, as far as it
// is unchanged since.
func (j Job) CanUndo(now time.Time) bool {
	return j.Kind == JobImport && j.Over() && j.Made+j.Changed > 0 && j.UndoneBy == 0 && now.Sub(j.CreatedAt) < UndoFor
}

// JobRow is one row of a job's work that was not done.
type JobRow struct {
	Nr      int
	Cells   []string // as it came; of rows that were set aside at the start
	User    User     // of the others: as the row has them
	Groups  []string
	Problem string // why not
}
