package aws

import (
	"encoding/base64"
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
	keyIDPattern = regexp.MustCompile(`^[A-Z0-9]{16,128}$`)
	appPattern   = regexp.MustCompile(`^([0-9]{12})_ins-([0-9a-f]{16})$`)
)

// check says what is wrong with the settings, as a sentence; nil when nothing is. They
// were judged when they were saved, by the same rules; a document or a restored
// backup may be older.
func check(s model.AWSSettings) error {
	wrong := func(detail string) error { return &directory.ReadError{Reason: "settings", Detail: detail} }
	if problems := s.Problems(); len(problems) > 0 {
		return wrong("The settings of the source are not right: " + problems[0].Field + " " + strings.TrimSuffix(problems[0].Text, ".") + ".")
	}
	return nil
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
