package sso

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// AWS's SAML addresses are https://portal.sso.REGION.SUFFIX/saml/KIND/TOKEN,
// where the token is base64 of ACCOUNT_ins-HEX, which never has a slash. Newer,
// dual-stack hosts have another suffix; the entity ID stays with the older form.
// The sign-out address may be the sign-in address with /logout behind it.
var (
	awsPath   = regexp.MustCompile(`^/saml/(assertion|logout|metadata)/([A-Za-z0-9+=_-]{20,100})$`)
	awsToken  = regexp.MustCompile(`^(\d{12})_ins-([0-9a-f]{16})$`)
	simulated = regexp.MustCompile(`/saml/(assertion|logout|metadata)/([A-Za-z0-9+=_-]{20,100})(/logout)?$`)
)

// AWSIdentifiers reads region, partition, account and instance from an entity
// ID or another SAML address of an AWS application.
func AWSIdentifiers(address string) (region, partition, accountID, instanceID string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return "", "", "", "", false
	}
	host, path := samlHost.FindStringSubmatch(strings.ToLower(u.Hostname())), awsPath.FindStringSubmatch(u.Path)
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
	return host[1], PartitionOf(host[1]).Name, parts[1], "ins-" + parts[2], true
}

// applicationToken is what tells AWS applications apart in their addresses;
// empty when the address is of another shape. The host does not matter: it
// differs between the old and the dual-stack form, and in the simulation.
func applicationToken(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	if m := simulated.FindStringSubmatch(u.Path); m != nil {
		return m[2]
	}
	return ""
}

// providerName is what people call the product behind an entity ID.
func providerName(entityID string) string {
	for _, p := range []struct{ part, name string }{
		{"okta", "Okta"}, {"sts.windows.net", "Microsoft Entra ID"}, {"login.microsoftonline", "Microsoft Entra ID"},
		{"accounts.google.com", "Google Workspace"}, {"/realms/", "Keycloak"}, {"/adfs/", "Microsoft AD FS"},
		{"onelogin", "OneLogin"}, {"pingidentity", "Ping Identity"}, {"pingone", "Ping Identity"}, {"auth0", "Auth0"},
		{"simplesaml", "SimpleSAMLphp"}, {"shibboleth", "Shibboleth"}, {"cognito", "Amazon Cognito"}, {"jumpcloud", "JumpCloud"}, {"duosecurity", "Duo"},
	} {
		if strings.Contains(strings.ToLower(entityID), p.part) {
			return p.name
		}
	}
	return "another identity provider (" + short(entityID) + ")"
}
