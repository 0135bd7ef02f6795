package ldap

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// name is a distinguished name, taken apart.
type name struct {
	key    string // equal for equal names, however they are written
	first  []pair // of the entry itself, as it is written, without escapes
	parent string // as it is written; empty at the top
}

type pair struct{ attribute, value string }

var errName = errors.New("this is not a distinguished name")

// typeNames are the attributes of names that some servers write as numbers.
// Source: RFC 4514, section 3, and RFC 4519.
var typeNames = map[string]string{
	"2.5.4.3": "cn", "2.5.4.4": "sn", "2.5.4.5": "serialnumber", "2.5.4.6": "c", "2.5.4.7": "l", "2.5.4.8": "st", "2.5.4.9": "street",
	"2.5.4.10": "o", "2.5.4.11": "ou", "2.5.4.42": "givenname", "2.5.4.46": "dnqualifier", "0.9.2342.19200300.100.1.1": "uid",
	"0.9.2342.19200300.100.1.25": "dc", "0.9.2342.19200300.100.1.3": "mail", "1.2.840.113549.1.9.1": "mail",
	"commonname": "cn", "surname": "sn", "organizationname": "o", "organizationalunitname": "ou", "domaincomponent": "dc", "userid": "uid",
	"countryname": "c", "localityname": "l", "stateorprovincename": "st", "rfc822mailbox": "mail", "emailaddress": "mail", "email": "mail",
}

// parseName takes a name apart. It reads RFC 4514, the older forms of RFC 2253
// (quotes, semicolons, blanks around signs) and numbers in place of attributes.
func parseName(s string) (name, error) {
	var n name
	var key strings.Builder
	for rest := s; strings.TrimSpace(rest) != "" || key.Len() > 0; {
		var rdn []pair
		for more := true; more; {
			var p pair
			var err error
			if p, rest, more, err = parsePair(rest); err != nil {
				return name{}, err
			}
			rdn = append(rdn, p)
		}
		if key.Len() == 0 {
			n.first = slices.Clone(rdn)
			if rest != "" {
				n.parent = strings.TrimLeft(rest[1:], " ")
			}
		}
		writeKey(&key, rdn)
		if rest == "" {
			break
		}
		rest = rest[1:] // the comma: another part must come
	}
	n.key = key.String()
	return n, nil
}

// writeKey adds the form under which one level of a name is compared: the order of
// its parts does not count, nor do case, blanks and the form of characters.
func writeKey(key *strings.Builder, rdn []pair) {
	parts := make([]string, len(rdn))
	for i, p := range rdn {
		attribute := strings.TrimPrefix(strings.ToLower(p.attribute), "oid.")
		if known, ok := typeNames[attribute]; ok {
			attribute = known
		}
		value, _ := text(p.value)
		parts[i] = attribute + "=" + model.Key(strings.Join(strings.Fields(value), " "))
	}
	slices.Sort(parts)
	key.WriteString(strings.Join(parts, "\x00+"))
	key.WriteString("\x00,")
}

// parsePair reads "attribute=value" up to the next sign. The rest begins with that
// sign, a comma, but where a plus says that another pair of the same level comes.
func parsePair(s string) (p pair, rest string, more bool, err error) {
	attribute, rest, ok := strings.Cut(s, "=")
	if p.attribute = strings.TrimSpace(attribute); !ok || p.attribute == "" || strings.ContainsAny(p.attribute, `,;+"\<>#`) {
		return p, "", false, errName
	}
	rest = strings.TrimLeft(rest, " ")
	switch {
	case strings.HasPrefix(rest, `"`):
		p.value, rest, err = quoted(rest[1:])
	case strings.HasPrefix(rest, "#"):
		p.value, rest, err = encoded(rest[1:])
	default:
		p.value, rest, err = plain(rest)
	}
	if err != nil || rest == "" {
		return p, rest, false, err
	}
	switch rest[0] {
	case '+':
		return p, rest[1:], true, nil
	case ',', ';':
		return p, rest, false, nil
	}
	return p, "", false, errName
}

// plain reads a value up to a sign that is not escaped. Blanks at its end do not
// belong to it, but for escaped ones.
func plain(s string) (value, rest string, err error) {
	var b strings.Builder
	keep := 0
	for s != "" && !strings.ContainsRune(",;+", rune(s[0])) {
		c := s[0]
		blank := c == ' '
		switch c {
		case '\\':
			if c, s, err = escaped(s); err != nil {
				return "", "", err
			}
		case '"':
			return "", "", errName
		default:
			s = s[1:]
		}
		b.WriteByte(c)
		if !blank {
			keep = b.Len()
		}
	}
	return b.String()[:keep], s, nil
}

func quoted(s string) (value, rest string, err error) {
	var b strings.Builder
	for s != "" && s[0] != '"' {
		c := s[0]
		if c == '\\' {
			if c, s, err = escaped(s); err != nil {
				return "", "", err
			}
		} else {
			s = s[1:]
		}
		b.WriteByte(c)
	}
	if s == "" {
		return "", "", errName
	}
	return b.String(), strings.TrimLeft(s[1:], " "), nil
}

// escaped reads \2C or \, and gives what comes after it.
func escaped(s string) (byte, string, error) {
	if len(s) >= 3 {
		if b, err := hex.DecodeString(s[1:3]); err == nil {
			return b[0], s[3:], nil
		}
	}
	if len(s) < 2 {
		return 0, "", errName
	}
	return s[1], s[2:], nil
}

// encoded reads a value in BER, written in hexadecimal: of a string its content,
// else all of it.
func encoded(s string) (value, rest string, err error) {
	end := strings.IndexAny(s, ",;+ ")
	if end < 0 {
		end = len(s)
	}
	raw, err := hex.DecodeString(s[:end])
	if err != nil || len(raw) < 2 {
		return "", "", errName
	}
	rest = strings.TrimLeft(s[end:], " ")
	if content := raw[2:]; raw[1] < 0x80 && int(raw[1]) == len(content) {
		switch raw[0] {
		case 0x04, 0x0c, 0x13, 0x16: // octets, UTF-8, printable, IA5
			return string(content), rest, nil
		}
	}
	return string(raw), rest, nil
}

// key is the form under which names are compared. What is no name is only equal to itself.
func key(dn string) string {
	n, err := parseName(dn)
	if err != nil {
		return "\x00" + dn
	}
	return n.key
}
