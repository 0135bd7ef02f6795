package model

import (
	"errors"
	"net/mail"
	"regexp"
	"strings"
)

// Mailboxes are the mail addresses of a list, with commas, semicolons or ends of
// lines between them, as mail programs write it; a name in quotes may hold any of
// these. The error says what is wrong with the list.
func Mailboxes(list string) ([]string, error) {
	quoted := false
	commas := strings.Map(func(c rune) rune {
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ';' || c == '\n' || c == '\r'):
			return ','
		}
		return c
	}, list)
	parsed, err := mail.ParseAddressList(strings.Trim(emptyItems.ReplaceAllString(commas, ","), ", \t"))
	if err != nil {
		return nil, errors.New("is not a list of mail addresses")
	}
	var all []string
	for _, a := range parsed {
		if err := checkName(a.Address, MaxEmail); err != nil {
			return nil, err
		}
		all = append(all, a.String())
	}
	return all, nil
}

// CheckMailboxes says what is wrong with a list of mail addresses, or nothing.
func CheckMailboxes(list string) error {
	_, err := Mailboxes(list)
	return err
}

// CheckMailbox says what is wrong with one mail address, with a name or without.
func CheckMailbox(s string) error {
	if a, err := mail.ParseAddress(s); err != nil {
		return errors.New("is not a mail address")
	} else if err := checkName(a.Address, MaxEmail); err != nil {
		return err
	}
	return nil
}

// emptyItems are separators with nothing between them.
var emptyItems = regexp.MustCompile(`,(\s*,)+`) //nolint:gochecknoglobals // a constant
