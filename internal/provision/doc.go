// Package provision decides what a verified login does to users and groups,
// and why. It is pure: values in, a decision out. The store carries decisions
// out; a test login and a dry run show the same decision and throw it away.
package provision
