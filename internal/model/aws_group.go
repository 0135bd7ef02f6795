package model

import "time"

// AWSGroup is a group of AWS as answers name it: by its id. What people call it is
// known from a source, or because somebody wrote it down.
type AWSGroup struct {
	Connection  string // slug
	ID          string
	Named       string // by hand; empty: nobody did
	NamedBy     string
	NamedAt     time.Time // zero: never
	Source      string    // slug of the AWS source that knows the id; empty: none does
	SourceName  string    // what it is called there
	Gone        bool      // the source knew the id, and does not any more
	FirstSeenAt time.Time // in an answer, to the hour; zero: never
	LastSeenAt  time.Time
}

// Name is what the group is called: as the source says, else as somebody wrote;
// empty where nobody knows.
func (g AWSGroup) Name() string {
	if g.SourceName != "" {
		return g.SourceName
	}
	return g.Named
}

// AWSGroupStale is after what time without an answer that brought it a group counts
// as one that no longer comes.
const AWSGroupStale = 30 * 24 * time.Hour

// Bounds of what is kept about AWS's groups.
const (
	MaxAWSGroupsOfLogin = 2000  // ids that one answer is taken at its word for
	MaxAWSGroupsNamed   = 10000 // names that one file brings
)
