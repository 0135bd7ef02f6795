// Package sso is what SAML says: metadata, requests, and whether a response is
// to be believed. It is pure: bytes, strings and times go in, an Identity or a
// refusal comes out. It speaks no HTTP and no SQL, and asks no clock.
//
// A response passes four stages. The form is read strictly (response.go). A
// pre-check over the raw tokens refuses by shape before any tree is built
// (precheck.go, grammar.go). The signatures are verified with the connection's
// stored certificates, and only what the verification returned is read
// (signature.go, message.go). Then everything it says is judged (judge.go).
package sso
