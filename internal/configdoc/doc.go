// Package configdoc is the configuration as one YAML document: parse it, say
// what it would change, make the database match it, and write it from the
// database.
//
// Everything in a document is optional but its version and the names of things.
// What is absent is left alone. A list under a key that is present is the whole
// truth for that key: connections, groups, rules and apps that it does not name
// are removed. Users are never removed; a user's list of groups is the whole
// truth for the memberships given by hand, and for no others. Secrets are not
// part of the document.
package configdoc
