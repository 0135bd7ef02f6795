// Package scim is the server that identity providers push people and groups to, by
// SCIM 2.0 (RFC 7643, RFC 7644) as Entra, Okta and others speak it. What they send is
// kept as it was sent; what it does to users and groups here, the planner of sources says.
package scim
