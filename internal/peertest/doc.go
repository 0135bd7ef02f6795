// Package peertest runs identity providers that nobody of this project wrote,
// for tests that sign a person in against them. A mistake that Postern and its
// own simulated AWS had in common would show here.
package peertest
