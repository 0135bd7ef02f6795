// Package sso is what SAML says: it reads the metadata of the identity
// provider, writes our own metadata and requests, verifies and judges
// responses, and has the words for every reason of refusal.
//
// The package is pure: bytes, strings and times go in, values come out. There
// is no network, no database and no clock; only NewRequestID asks the operating
// system for randomness. A refused login is a value (*model.Refusal), never an
// error, and comes with the list of checks that were made.
//
// A response passes four stages, each a file: response.go decodes the form
// field, precheck.go refuses by shape, signature.go verifies, judge.go decides.
// Whatever a later stage uses was read from bytes that an earlier one verified.
package sso
