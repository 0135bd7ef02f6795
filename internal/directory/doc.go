// Package directory says what a run of a source changes, and why. It takes values
// and gives a plan: no HTTP, no SQL. The folders below it read sources, one a kind.
package directory
