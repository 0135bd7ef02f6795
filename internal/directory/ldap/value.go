package ldap

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// text is what bytes of a server are as text: UTF-8 as LDAP demands, else Latin-1,
// which old clients wrote. NUL, which no text here may hold, becomes U+FFFD.
func text(b string) (s string, foreign bool) {
	if foreign = !utf8.ValidString(b); foreign {
		runes := make([]rune, len(b))
		for i := range len(b) {
			runes[i] = rune(b[i])
		}
		b = string(runes)
	}
	return strings.ReplaceAll(b, "\x00", "\uFFFD"), foreign
}

// guid is the text of an objectGUID: its first three fields are little-endian.
// Source: MS-DTYP 2.3.4.
func guid(b string) string {
	if len(b) != 16 {
		return ""
	}
	raw := []byte(b)
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(raw), binary.LittleEndian.Uint16(raw[4:]),
		binary.LittleEndian.Uint16(raw[6:]), raw[8:10], raw[10:])
}

// guidBytes is the other way round.
func guidBytes(s string) (string, bool) {
	raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(raw) != 16 || len(s) != 36 {
		return "", false
	}
	b := []byte{raw[3], raw[2], raw[1], raw[0], raw[5], raw[4], raw[7], raw[6]}
	return string(append(b, raw[8:]...)), true
}

// sid is the text of an objectSid, "S-1-5-21-…"; empty where the bytes are none.
// Source: MS-DTYP 2.4.2.
func sid(b string) string {
	if len(b) < 8 || len(b) != 8+4*int(b[1]) {
		return ""
	}
	raw := []byte(b)
	var authority uint64
	for _, c := range raw[2:8] {
		authority = authority<<8 | uint64(c)
	}
	s := "S-" + strconv.Itoa(int(raw[0])) + "-" + strconv.FormatUint(authority, 10)
	for i := 8; i < len(raw); i += 4 {
		s += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(raw[i:])), 10)
	}
	return s
}

// inDomain is the SID with that number in the domain of another, as a primary group is named.
func inDomain(of, rid string) string {
	i := strings.LastIndexByte(of, '-')
	if i < 0 || rid == "" {
		return ""
	}
	return of[:i+1] + rid
}

// id is the stable id that a value of the attribute is; empty where it is none.
func id(attribute, b string) string {
	switch strings.ToLower(attribute) {
	case "objectguid", "ms-ds-consistencyguid":
		return guid(b)
	case "objectsid":
		return sid(b)
	case "entryuuid", "nsuniqueid", "ipauniqueid": // text in which case does not count
		return strings.ToLower(b)
	}
	if !utf8.ValidString(b) || strings.Contains(b, "\x00") {
		return hex.EncodeToString([]byte(b))
	}
	return strings.TrimSpace(b)
}

// windowsTime is a number of 100 ns since 1601; ok is false for "never".
// Source: MS-ADA1 accountExpires.
func windowsTime(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n == 1<<63-1 {
		return time.Time{}, false
	}
	const epoch = 11644473600 // seconds from 1601 to 1970
	return time.Unix(n/1e7-epoch, n%1e7*100).UTC(), true
}
