package sso_test

import (
	"errors"
	"testing"

	"github.com/postern-sso/postern/internal/sso"
)

const token = "MTIzNDU2Nzg5MDEyX2lucy1mZWRjYmE5ODc2NTQzMjEw"

// Every address that AWS shows beside the metadata's is named for what it is, in
// every partition, with the beginning and without.
func TestAWSAddressesOfEveryPartition(t *testing.T) {
	t.Parallel()
	for address, code := range map[string]string{
		"identitycenter.amazonaws.com/ssoins-1234567890abcdef":                       "issuer_url",
		"identitycenter.us-gov.amazonaws.com/ssoins-1234567890abcdef":                "issuer_url",
		"identitycenter.amazonaws.com.cn/ssoins-1234567890abcdef":                    "issuer_url",
		"ssoins-1234567890abcdef.eusc-de-east-1.portal.amazonaws.eu":                 "portal_url",
		"ssoins-1234567890abcdef.eusc-de-east-1.portal.amazonaws.eu/":                "portal_url",
		"ssoins-1234567890abcdef.portal.eusc-de-east-1.app.amazonwebservices.eu":     "portal_url",
		"start.us-gov-home.awsapps.com/directory/d-1234567890":                       "portal_url",
		"start.us-gov-west-1.us-gov-home.awsapps.com/directory/d-1234567890":         "portal_url",
		"start.home.awsapps.cn/directory/d-1234567890":                               "portal_url",
		"start.cn-north-1.home.awsapps.cn/directory/example#/":                       "portal_url",
		"ssoins-1234567890abcdef.eu-west-1.portal.amazonaws.com":                     "portal_url",
		"ssoins-1234567890abcdef.portal.eu-central-1.app.aws":                        "portal_url",
		"ssoins-1234567890abcdef.portal.cn-north-1.app.amazonwebservices.com.cn":     "portal_url",
		"D-1234567890.AWSAPPS.COM/start":                                             "portal_url",
		"eusc-de-east-1.console.amazonaws-eusc.eu/singlesignon":                      "console_url",
		"cn-north-1.console.amazonaws.cn/singlesignon":                               "console_url",
		"us-east-1.signin.aws/platform/login":                                        "console_url",
		"eusc-de-east-1.signin.amazonaws-eusc.eu/platform/saml/d-1234567890":         "aws_sp_metadata",
		"signin.amazonaws-us-gov.com/static/saml-metadata.xml":                       "aws_account_metadata",
		"scim.eu-central-1.amazonaws.com/AbC-123/scim/v2":                            "scim_url",
		"scim.cn-north-1.amazonaws.com.cn/AbC-123/scim/v2":                           "scim_url",
		"portal.sso.eusc-de-east-1.amazonaws.eu/saml/assertion/" + token:             "sign_in_url",
		"portal.sso.cn-north-1.api.amazonwebservices.com.cn/saml/logout/" + token:    "sign_out_url",
		"portal.sso.us-gov-west-1.amazonaws.com/saml/assertion/" + token + "/logout": "sign_out_url",
		"identitycenter.amazonaws.com.evil.example/ssoins-1234567890abcdef":          "",
		"portal.sso.eusc-de-east-1.api.amazonwebservices.eu/saml/metadata/" + token:  "",
		"apps.example.com/start/":                                                    "portal_url",
		"postern-metadata.s3.eu-central-1.amazonaws.com/metadata.xml":                "",
		"notawsapps.com/start-here/metadata.xml":                                     "",
	} {
		_, err := sso.RecognisePaste("https://"+address, sso.MetadataOptions{OurEntityID: entityID})
		var paste *sso.PasteError
		if errors.As(err, &paste); (paste == nil) != (code == "") || (paste != nil && paste.Code != code) {
			t.Errorf("%s: %v, want %q", address, err, code)
		}
		_, err = sso.RecognisePaste(address, sso.MetadataOptions{OurEntityID: entityID})
		if want := map[bool]string{true: "no_scheme", false: code}[code == ""]; !errors.As(err, &paste) || (paste.Code != want && paste.Code != "not_xml") {
			t.Errorf("%s without its beginning: %v, want %q", address, err, want)
		}
	}
}

func TestAWSIdentifiersOfEveryPartition(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"portal.sso.eu-central-1.amazonaws.com":                "aws",
		"portal.sso.eu-central-1.api.aws":                      "aws",
		"portal.sso-fips.us-gov-west-1.amazonaws.com":          "aws-us-gov",
		"portal.sso.cn-northwest-1.amazonaws.com.cn":           "aws-cn",
		"portal.sso.cn-north-1.api.amazonwebservices.com.cn":   "aws-cn",
		"portal.sso.eusc-de-east-1.amazonaws.eu":               "aws-eusc",
		"portal.sso.eusc-de-east-1.api.amazonwebservices.eu":   "aws-eusc",
		"portal.sso.us-iso-east-1.c2s.ic.gov":                  "aws-iso",
		"portal.sso.us-isob-east-1.sc2s.sgov.gov":              "aws-iso-b",
		"portal.sso.eu-central-1.amazonaws.com.evil.example":   "",
		"portal.sso.eu-central-1.amazonaws.com.portal.invalid": "",
	} {
		_, partition, _, _, ok := sso.AWSIdentifiers("https://" + host + "/saml/assertion/" + token)
		if partition != want || ok != (want != "") {
			t.Errorf("%s: %q %t, want %q", host, partition, ok, want)
		}
	}
}
