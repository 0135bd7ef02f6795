// Package aws reads AWS's own directory, the Identity Store of IAM Identity Center,
// and who may use the application of a connection.
//
// It reads people, groups and, of the groups that matter, members, to the end or not
// at all: whatever happens in between is a directory.ReadError in words for an
// administrator. No error holds a key, a token or a signed request.
//
// Where AWS is and how requests are signed is the SDK's business: Regions of all
// partitions, and as everywhere AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT
// in the environment.
package aws
