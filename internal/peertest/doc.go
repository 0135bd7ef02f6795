// Package peertest runs identity providers, OpenID Connect clients, LDAP directories,
// AWS's SDK for JavaScript and a second opinion on SCIM, which nobody of this project
// wrote, for tests that sign a person in with them, read them, ask our simulated AWS,
// or compare. A mistake that Postern and its own simulated AWS or sample app had in
// common would show here.
package peertest
