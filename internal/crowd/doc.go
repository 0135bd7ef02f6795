// Package crowd answers Atlassian applications as an Atlassian Crowd server
// would, so that they connect to Postern as a user directory: users, groups,
// memberships, what is new, and sessions. The directory is read-only and has no
// passwords. It speaks version 1 of Crowd's REST interface "usermanagement", in
// XML and JSON.
package crowd
