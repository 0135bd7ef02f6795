// Package wizard is the setup of a connection as one table of steps. Address,
// progress, access, resume, validation and tests all derive from that table;
// there is no second list to keep in step with it.
//
// The package is pure: a step turns a draft and answers into a draft or into
// problems. What needs the network or the database (fetching metadata, a test
// login, going live) happens elsewhere and comes back as a fact or an answer.
package wizard
