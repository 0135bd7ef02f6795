package csvimport

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Windows1252 is what older spreadsheets write where they say only "CSV".
const Windows1252 = "Windows-1252"

// decode is the text of a file in UTF-8, with line feeds at the ends of its lines.
// asked is the encoding that was guessed: only who knows the names in the file can
// tell whether it is right. ok is false when the file is in none that is known.
func decode(data []byte) (text []byte, asked string, ok bool) {
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		data, ok = from16(data, unicode.BigEndian, unicode.ExpectBOM)
	case bytes.IndexByte(data, 0) >= 0 && len(data)%2 == 0: // UTF-16 whose mark was lost: ASCII has a zero in each pair
		endian := unicode.LittleEndian
		if binary.BigEndian.Uint16(data) < utf8.RuneSelf {
			endian = unicode.BigEndian
		}
		data, ok = from16(data, endian, unicode.IgnoreBOM)
	case utf8.Valid(data):
		data, ok = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), true
	case !slices.ContainsFunc([]byte{0x81, 0x8d, 0x8f, 0x90, 0x9d}, func(b byte) bool { return bytes.IndexByte(data, b) >= 0 }): // it does not have these
		if decoded, err := charmap.Windows1252.NewDecoder().Bytes(data); err == nil {
			data, asked, ok = decoded, Windows1252, true
		}
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(data, []byte("\r"), []byte("\n")), asked, ok
}

func from16(data []byte, endian unicode.Endianness, mark unicode.BOMPolicy) ([]byte, bool) {
	text, err := unicode.UTF16(endian, mark).NewDecoder().Bytes(data)
	return text, err == nil && !bytes.ContainsAny(text, "\x00\ufffd")
}
