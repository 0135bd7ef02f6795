package aws

import (
	"encoding/base64"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// Options is what is read, and with whose credentials.
type Options struct {
	Settings model.AWSSettings
	Keys     Keys               // static ones, opened; unused where Settings.FromSurroundings
	Groups   model.GroupMapping // members are read of the groups that it names
	// Application is a SAML address at AWS of the connection's application: its metadata
	// URL, issuer or sign-in URL. Empty: who may use it is not read.
	Application string
}

// Keys are static credentials of an IAM user.
type Keys struct {
	AccessKeyID     string
	SecretAccessKey string
}

var (
	regionPattern = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}$`)
	storePattern  = regexp.MustCompile(`^(d-[0-9a-z]{10}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	rolePattern   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,576}$`)
	keyIDPattern  = regexp.MustCompile(`^[A-Z0-9]{16,128}$`)
	appPattern    = regexp.MustCompile(`^([0-9]{12})_ins-([0-9a-f]{16})$`)
)

// Check says what is wrong with the settings, as a sentence; nil when nothing is.
func Check(s model.AWSSettings) error {
	wrong := func(detail string) error { return &directory.ReadError{Reason: "settings", Detail: detail} }
	switch {
	case !regionPattern.MatchString(s.Region):
		return wrong("The Region is to be written as in us-east-1.")
	case !storePattern.MatchString(s.IdentityStoreID):
		return wrong("The identity store ID is to be written as AWS shows it: d- and ten letters or digits.")
	case s.RoleARN != "" && !rolePattern.MatchString(s.RoleARN):
		return wrong("The role is to be written as its ARN, as in arn:aws:iam::123456789012:role/postern.")
	case s.RoleARN != "" && s.ExternalID == "":
		return wrong("A role is assumed with an external ID only, and there is none.")
	case s.Endpoint != "" && !endpointAllowed(s.Endpoint):
		return wrong("The endpoint has to be an https address, or an http address of this very machine.")
	}
	return nil
}

// endpointAllowed tells whether requests may go to an address: https, or http to
// loopback, where the simulated AWS listens.
func endpointAllowed(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && ip.IsLoopback())
}

// application is which one a SAML address at AWS is of.
type application struct {
	account string // 12 digits
	id      string // 16 hexadecimal digits, the same after ins- and after apl-
}

// applicationOf takes account and id out of a SAML address at AWS: they are its last
// part, in base64.
func applicationOf(address string) (application, bool) {
	u, err := url.Parse(address)
	if err != nil {
		return application{}, false
	}
	text, err := base64.StdEncoding.DecodeString(path.Base(u.Path))
	if err != nil {
		return application{}, false
	}
	match := appPattern.FindStringSubmatch(string(text))
	if match == nil {
		return application{}, false
	}
	return application{account: match[1], id: match[2]}, true
}

// Account is the AWS account, 12 digits, that a SAML address at AWS is of; empty
// where the address is of another form.
func Account(address string) string {
	a, _ := applicationOf(address)
	return a.account
}

// arn is the application's, in the instance that has the ARN.
func (a application) arn(instance string) (string, bool) {
	before, id, ok := strings.Cut(instance, ":sso:::instance/")
	if !ok || !strings.HasPrefix(before, "arn:") || !strings.HasPrefix(id, "ssoins-") {
		return "", false
	}
	return before + ":sso::" + a.account + ":application/" + id + "/apl-" + a.id, true
}
