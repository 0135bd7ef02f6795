// Package ldap reads people and groups from an LDAP directory or Active Directory.
//
// A reader ends with everything or with an error: what a server cut off is never a
// reading. What a server sends is text and is bounded; it is no way to a second
// server, since referrals are never followed. Sources: RFC 4511 (the protocol), 4514
// (names), 4515 (filters), 2696 (pages), MS-ADTS 3.1.1.3.1.3.3 (ranges).
package ldap
