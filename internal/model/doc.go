// Package model holds the nouns of Postern as plain values: connections and
// their revisions, users, groups, rules, logins, administrators. It imports
// nothing of ours, touches no network and no database, and every other package
// may import it.
package model
