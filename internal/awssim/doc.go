// Package awssim is a simulated AWS IAM Identity Center: enough of it to try
// an application's SAML sign-in without an AWS account, and to test one.
//
// It serves the SAML endpoints of customer managed applications, the access
// portal with its tiles, console pages with AWS's own labels, and part of the
// Identity Store API, of IAM Identity Center's own and of STS. The messages follow published captures of AWS byte for
// byte: prefixes, order, white space inside signatures, time stamps. The XML is
// written, canonicalized and signed here, with the standard library alone, so
// that the simulator does not share a mistake with the code that it tests.
//
// It is no identity provider: anybody who reaches its pages may sign in as
// anybody, and may make it send broken messages on purpose (see Fault).
package awssim
