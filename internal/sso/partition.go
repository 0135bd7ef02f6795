package sso

import (
	"regexp"
	"strings"
)

// Partition is one of AWS's separate clouds, with the names that its parts have
// on the web. Sources: the endpoint rules of AWS's SDKs (DNS suffixes, dual
// stack), and the pages on IAM Identity Center of each partition.
type Partition struct {
	Name         string   // as ARNs have it
	regionPrefix string   // of its regions; empty for all others
	console      string   // the AWS console, with the region in front
	signIn       []string // interactive sign-in, and AWS as an application of others
	portal       []string // the access portal, with what is in front of it
	saml         []string // SAML addresses: portal.sso.REGION. is in front
	issuer       []string // the issuer on the page “Settings”: /ssoins-… behind
}

// partitions is every recognizer's and every link's one table. The last one is
// that of all regions that no other has.
var partitions = []Partition{
	{
		Name: "aws-cn", regionPrefix: "cn-", console: "console.amazonaws.cn",
		signIn: []string{"signin.amazonaws.cn"},
		portal: []string{"awsapps.cn", "portal.amazonaws.com.cn", "app.amazonwebservices.com.cn"},
		saml:   []string{"amazonaws.com.cn", "api.amazonwebservices.com.cn"},
		issuer: []string{"identitycenter.amazonaws.com.cn"},
	},
	{
		Name: "aws-us-gov", regionPrefix: "us-gov-", console: "console.amazonaws-us-gov.com",
		signIn: []string{"signin.amazonaws-us-gov.com"},
		portal: []string{"us-gov-home.awsapps.com"},
		saml:   []string{"amazonaws.com", "api.aws"},
		issuer: []string{"identitycenter.us-gov.amazonaws.com"},
	},
	{
		Name: "aws-eusc", regionPrefix: "eusc-", console: "console.amazonaws-eusc.eu",
		signIn: []string{"signin.amazonaws-eusc.eu"},
		portal: []string{"awsapps.eu", "portal.amazonaws.eu", "app.amazonwebservices.eu"},
		saml:   []string{"amazonaws.eu", "api.amazonwebservices.eu"},
		issuer: []string{"identitycenter.amazonaws.eu"},
	},
	{
		Name: "aws-iso", regionPrefix: "us-iso-", console: "console.c2shome.ic.gov",
		signIn: []string{"signin.c2shome.ic.gov"}, saml: []string{"c2s.ic.gov", "api.aws.ic.gov"},
	},
	{
		Name: "aws-iso-b", regionPrefix: "us-isob-", console: "console.sc2shome.sgov.gov",
		signIn: []string{"signin.sc2shome.sgov.gov"}, saml: []string{"sc2s.sgov.gov", "api.aws.scloud"},
	},
	{
		Name: "aws", console: "console.aws.amazon.com",
		signIn: []string{"signin.aws.amazon.com", "signin.aws"},
		portal: []string{"awsapps.com", "portal.amazonaws.com", "app.aws"},
		saml:   []string{"amazonaws.com", "api.aws"},
		issuer: []string{"identitycenter.amazonaws.com"},
	},
}

// PartitionOf is the partition that has a region; the commercial one for what is
// unknown or empty.
func PartitionOf(region string) Partition {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.regionPrefix) {
			return p
		}
	}
	return Partition{} // never: the last prefix is empty
}

// ConsoleHost is where the AWS console of a region is; of no region, where it
// lets people choose one.
func (p Partition) ConsoleHost(region string) string {
	if region == "" {
		return p.console
	}
	return region + "." + p.console
}

// SAMLHost is the host of the SAML addresses of a region, in the form that
// entity IDs have.
func (p Partition) SAMLHost(region string) string { return "portal.sso." + region + "." + p.saml[0] }

// hostsOf are names of one kind in all partitions.
func hostsOf(kind func(Partition) []string) []string {
	var all []string
	for _, p := range partitions {
		all = append(all, kind(p)...)
	}
	return all
}

var (
	consoleHosts = hostsOf(func(p Partition) []string { return []string{p.console} })
	signInHosts  = hostsOf(func(p Partition) []string { return p.signIn })
	portalHosts  = hostsOf(func(p Partition) []string { return p.portal })
	issuerHosts  = hostsOf(func(p Partition) []string { return p.issuer })
	samlHost     = regexp.MustCompile(`^portal\.sso(?:-fips)?\.([a-z0-9-]+)\.(` + alternatives(hostsOf(func(p Partition) []string { return p.saml })) + `)$`)
	// scimHost is where AWS takes people from other identity providers.
	scimHost = regexp.MustCompile(`^scim(?:-fips)?\.[a-z0-9-]+\.(` + alternatives(hostsOf(func(p Partition) []string { return p.saml })) + `)$`)
)

func alternatives(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = regexp.QuoteMeta(n)
	}
	return strings.Join(quoted, "|")
}

// isHost tells whether a host is one of these or under one of them. Case and the
// dot of the root do not matter.
func isHost(host string, names []string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, n := range names {
		if host == n || strings.HasSuffix(host, "."+n) {
			return true
		}
	}
	return false
}
