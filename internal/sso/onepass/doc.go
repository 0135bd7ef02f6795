// Package onepass reads a SAML response and verifies its signatures in one pass over
// the received bytes.
//
// It accepts a small, closed language: the elements of grammar.go, in UTF-8, without
// document type, comment, CDATA section or processing instruction, with every prefix
// bound to one namespace, and with signatures of one form. In that language exclusive
// canonicalization is simple, and there is one way to read a message.
//
// [Read] walks over the bytes once (scan.go), writes the canonical forms of Response,
// Assertion and both SignedInfo (canonical.go), and remembers where in them the value
// of each element and attribute stands. [Document.Verify] hashes those very bytes
// (signature.go), and [Element] gives out values from them and from nowhere else. What
// is in a part is vouched for when that part was verified; [Document.Claimed] gives out
// what nobody vouches for.
//
// The package says yes or no, and no in few words: what is refused is explained to
// people elsewhere. docs/verification.md tells how it is known to be right.
package onepass
