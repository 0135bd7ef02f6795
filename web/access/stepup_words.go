package access

import (
	"net/url"
	"strings"

	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/access"
	"github.com/postern-sso/postern/web/kit"
)

// stepUpActs say what somebody is about to do at an address, as the end of
// “Confirm your password to”.
var stepUpActs = map[string]string{
	"/account/passkeys":                       "register a passkey",
	"/account/passkeys/new":                   "register a passkey",
	"/account/passkeys/remove":                "remove a passkey",
	"/account/recovery-codes":                 "make new recovery codes",
	"/administrators":                         "add an administrator",
	"/administrators/password":                "change your password",
	"/administrators/rules":                   "change who may use the console",
	"/administrators/{id}/delete":             "remove an administrator",
	"/administrators/{id}/passkeys/remove":    "take an administrator's passkeys away",
	"/administrators/{id}/role":               "change an administrator's role",
	"/apps":                                   "connect an app",
	"/apps/{slug}":                            "change an app",
	"/apps/{slug}/delete":                     "disconnect an app",
	"/apps/{slug}/secrets":                    "make a new secret for an app",
	"/connections/{slug}/certificates/policy": "change how new certificates are trusted",
	"/connections/{slug}/certificates/trust":  "trust a certificate",
	"/connections/{slug}/delete":              "delete a connection",
	"/connections/{slug}/restore":             "bring a revision back",
	"/connections/{slug}/resume":              "open a connection again",
	"/logins/people/{name}/data":              "see what is kept about a person",
	"/logins/people/{name}/erase":             "erase a person",
	"/logins/{id}/download":                   "download what AWS sent",
	"/logins/{id}/xml":                        "see what AWS sent",
	"/settings":                               "change the public URL",
	"/settings/public-url":                    "change the public URL",
	"/settings/signing-keys":                  "change the signing key",
	"/settings/signing-keys/withdraw":         "withdraw the signing keys",
	"/settings/warnings/calendar":             "make a new calendar address",
	"/settings/warnings/mail":                 "change whom Postern mails",
	"/settings/warnings/webhook":              "change the webhook",
	"/setup/{connection}/go-live/confirm":     "take a connection live",
	"/users/{username}/data":                  "see what is kept about a person",
	"/users/{username}/delete":                "delete a user",
	"/users/{username}/erase":                 "erase a person",
	"/users/{username}/password":              "set a password for programs",
	"/users/{username}/activate":              "activate somebody who uses the console",
	"/users/{username}/deactivate":            "deactivate somebody who uses the console",
	"/users/{username}/groups":                "change who uses the console",
	"/users/{username}/groups/remove":         "change who uses the console",
	"/groups/{name}/members":                  "change who uses the console",
	"/groups/{name}/members/remove":           "change who uses the console",
	"/groups/{name}/bulk/confirm":             "change who uses the console",
	"/bulk/confirm":                           "change who uses the console",
}

// stepUpAct is what a request is about to do, and to what; without words for it,
// to go on.
func stepUpAct(path string, form url.Values) (act, what string) {
	act = "go on"
	for pattern, words := range stepUpActs {
		if kit.Fits(pattern, path) {
			act = words
		}
	}
	if path == "/apps" {
		return act, newApp(form)
	}
	parts := strings.Split(path, "/")
	if len(parts) < 4 || parts[1] == "settings" || parts[1] == "account" || parts[1] == "administrators" {
		return act, ""
	}
	name, err := url.PathUnescape(parts[2])
	if err != nil || parts[1] == "logins" {
		return act, ""
	}
	return act, name
}

// resumedFields are what a form that goes along holds.
func resumedFields(f *access.ResumedForm) url.Values {
	fields, err := url.ParseQuery(f.Encoded)
	if err != nil {
		return url.Values{}
	}
	return fields
}

// newApp is the app of a form: its product, or its name, with its address.
func newApp(form url.Values) string {
	name := wizard.ProductOf(form.Get("product")).Name
	if typed := form.Get("name"); typed != "" {
		name = typed
	}
	if name == "" {
		return ""
	}
	what := "Connect " + name
	if base := strings.TrimSpace(form.Get("base_url")); base != "" {
		what += " (" + base + ")"
	}
	return what
}
