package sso

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// AWS's SAML addresses are https://portal.sso.REGION.SUFFIX/saml/KIND/TOKEN,
// where the token is base64 of ACCOUNT_ins-HEX. Newer, dual-stack hosts end in
// api.aws; the entity ID stays with the older form.
var (
	awsHost = regexp.MustCompile(`^portal\.sso(?:-fips)?\.([a-z0-9-]+)\.` +
		`(amazonaws\.com|amazonaws\.com\.cn|api\.aws|api\.amazonwebservices\.com\.cn|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov)$`)
	awsPath   = regexp.MustCompile(`^/saml/(assertion|logout|metadata)/([A-Za-z0-9+/=_-]{20,100})$`)
	awsToken  = regexp.MustCompile(`^(\d{12})_ins-([0-9a-f]{16})$`)
	simulated = regexp.MustCompile(`/saml/(assertion|logout|metadata)/([A-Za-z0-9+/=]{20,100})$`)
)

// AWSIdentifiers reads region, partition, account and instance from an entity
// ID or another SAML address of an AWS application.
func AWSIdentifiers(address string) (region, partition, accountID, instanceID string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return "", "", "", "", false
	}
	host, path := awsHost.FindStringSubmatch(u.Hostname()), awsPath.FindStringSubmatch(u.Path)
	if host == nil || path == nil {
		return "", "", "", "", false
	}
	token, err := base64.StdEncoding.DecodeString(path[2])
	if err != nil {
		return "", "", "", "", false
	}
	parts := awsToken.FindStringSubmatch(string(token))
	if parts == nil {
		return "", "", "", "", false
	}
	return host[1], partitionOf(host[1]), parts[1], "ins-" + parts[2], true
}

func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	default:
		return "aws"
	}
}

// applicationToken is what tells AWS applications apart in their addresses;
// empty when the address is of another shape. The host does not matter: it
// differs between the old and the dual-stack form, and in the simulation.
func applicationToken(address string) string {
	m := simulated.FindStringSubmatch(address)
	if m == nil {
		return ""
	}
	return m[2]
}

// providerName is what people call the product behind an entity ID.
func providerName(entityID string) string {
	for _, p := range []struct{ part, name string }{
		{"okta", "Okta"}, {"sts.windows.net", "Microsoft Entra ID"}, {"login.microsoftonline", "Microsoft Entra ID"},
		{"accounts.google.com", "Google Workspace"}, {"/realms/", "Keycloak"}, {"/adfs/", "Microsoft AD FS"},
		{"onelogin", "OneLogin"}, {"pingidentity", "Ping Identity"}, {"pingone", "Ping Identity"}, {"auth0", "Auth0"},
		{"simplesaml", "SimpleSAMLphp"}, {"shibboleth", "Shibboleth"}, {"jumpcloud", "JumpCloud"}, {"duosecurity", "Duo"},
	} {
		if strings.Contains(strings.ToLower(entityID), p.part) {
			return p.name
		}
	}
	return "another identity provider (" + short(entityID) + ")"
}
