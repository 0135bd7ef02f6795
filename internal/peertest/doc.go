// Package peertest runs identity providers and OpenID Connect clients that
// nobody of this project wrote, for tests that sign a person in with them. A
// mistake that Postern and its own simulated AWS or sample app had in common
// would show here.
package peertest
