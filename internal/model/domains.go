package model

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

var domainPattern = regexp.MustCompile(`^[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?)*$`)

var errDomain = errors.New("is not an email domain such as example.com")

// CanonicalDomain is the form in which an email domain is stored and compared: a
// Key, without the "@" that people type before it.
func CanonicalDomain(s string) string { return Key(strings.TrimPrefix(strings.TrimSpace(s), "@")) }

// CheckEmailDomain says what is wrong with the domain of a rule in its canonical
// form. One without a dot is good: networks of a house have such.
func CheckEmailDomain(s string) error {
	if strings.ContainsAny(s, "*@") || CheckEmail("someone@"+s) != nil {
		return errDomain
	}
	return nil
}

// CheckAllowedDomain says what is wrong with a domain, in its canonical form,
// whose people may become users. It has a dot: a typing error there lets people in.
func CheckAllowedDomain(s string) error {
	if !strings.Contains(s, ".") || len(s) > 253 || !domainPattern.MatchString(s) {
		return errDomain
	}
	return CheckEmailDomain(s)
}

// EmailDomain is what follows the "@", as a Key; empty without one.
func EmailDomain(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return ""
	}
	return Key(email[at+1:])
}

// WantsDomain tells whether a list of allowed email domains leaves a domain out. An
// empty list allows every one.
func WantsDomain(allowed []string, domain string) bool {
	return len(allowed) > 0 && !slices.ContainsFunc(allowed, func(d string) bool { return Key(d) == Key(domain) })
}
