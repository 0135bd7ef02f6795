package model

import "time"

// MetadataCheck is what came of fetching a connection's metadata again.
type MetadataCheck struct {
	ConnectionID int64
	TrustNew     bool      // new certificates are trusted without asking
	CheckedAt    time.Time // zero: not yet
	NextAt       time.Time
	Failures     int       // in a row
	Problem      string    // why the last one failed, for administrators; empty: it did not
	Shown        []string  // fingerprints of the certificates that the metadata had when it was last fetched
	ShownSince   time.Time // since when it has had just these; zero: it was not fetched yet
	Offered      string    // the metadata, where it has certificates that are not trusted yet, or lacks some that are
}
