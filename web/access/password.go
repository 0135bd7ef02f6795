package access

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
)

// Limits of an administrator's password. Length is what makes a password hard
// to guess, so nothing else is demanded (NIST SP 800-63B §5.1.1.2); the upper
// limit bounds the work of hashing.
const (
	minPassword = 12   // characters
	maxPassword = 1024 // bytes
)

// hashParams are what a password's hash costs. They are our own: the library's
// depend on the processors of the machine, and the decoy must cost the same.
var hashParams = argon2id.Params{Memory: 64 * 1024, Iterations: 1, Parallelism: 2, SaltLength: 16, KeyLength: 32}

// commonPasswords are the parts that the passwords people use most are made of:
// one of these, repeated or with a few digits and signs around it, is refused.
var commonPasswords = []string{
	"password", "passwort", "passw0rd", "p@ssw0rd", "p@ssword", "administrator", "admin", "changeme", "changeit",
	"letmein", "welcome", "qwertyuiop", "qwerty", "qwertz", "asdfghjkl", "iloveyou", "trustno1",
	"postern", "atlassian", "jira", "confluence", "secret", "1q2w3e4r5t6y", "1qaz2wsx3edc", "1q2w3e4r", "1qaz2wsx",
	"zaq12wsx", "abcdefghijkl", "football", "baseball", "superman", "sunshine", "princess", "dragon", "monkey", "test",
}

// CheckPassword says why a password is refused, in a sentence; empty when it
// is good. The email is that of the administrator who shall have it.
func CheckPassword(pw, email string) string {
	switch {
	case pw == "":
		return "A password is needed."
	case !utf8.ValidString(pw):
		return "The password contains characters that are not valid UTF-8. Type another one."
	case utf8.RuneCountInString(pw) < minPassword:
		return fmt.Sprintf("The password is shorter than %d characters. Several words in a row make a good one.", minPassword)
	case len(pw) > maxPassword:
		return fmt.Sprintf("The password is longer than %d bytes. Choose a shorter one.", maxPassword)
	case isEmail(pw, email):
		return "The password is the email address. Choose one that nobody can read off this page."
	case isCommon(pw):
		return "This password is one of the first that somebody would try. Choose another one; several words in a row make a good one."
	default:
		return ""
	}
}

// isEmail tells whether the password is the email, or the part before its "@"
// with nothing but digits and signs added.
func isEmail(pw, email string) bool {
	if email == "" {
		return false
	}
	local, _, _ := strings.Cut(model.Key(email), "@")
	return model.Key(pw) == model.Key(email) || (bare(local) != "" && bare(pw) == bare(local))
}

// isCommon tells whether nothing remains of the password once the common parts,
// digits and signs are taken away, or whether it is made of very few characters.
func isCommon(pw string) bool {
	rest := model.Key(pw)
	distinct := map[rune]bool{}
	for _, c := range rest {
		distinct[c] = true
	}
	if len(distinct) < 5 {
		return true
	}
	for _, common := range commonPasswords {
		rest = strings.ReplaceAll(rest, common, "")
	}
	// What is left may still be long: "password" before twelve random digits is
	// not among the first guesses.
	return utf8.RuneCountInString(rest) < minPassword/2 && bare(rest) == ""
}

// bare keeps the letters of s.
func bare(s string) string {
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune("0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c) {
			return -1
		}
		return c
	}, model.Key(s))
}

// HashPassword makes the argon2id hash to store, as a PHC string, when it is
// its turn.
func HashPassword(ctx context.Context, pw string) (hash string, err error) {
	err = withHash(ctx, func() (err error) {
		hash, err = argon2id.CreateHash(pw, &hashParams)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// isOutdated tells whether a hash was made by an earlier Postern, which took as
// many lanes as the machine had processors: nothing else ever differed.
func isOutdated(hash string) bool {
	p, _, _, err := argon2id.DecodeHash(hash)
	return err == nil && p.Memory == hashParams.Memory && *p != hashParams
}
