package ui

import (
	"testing"
	"unicode/utf8"
)

func TestDiffer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		expected, received string
		want               Difference
		telling            bool
		words              string
	}{
		{"https://a/acs", "https://a/acs/", Difference{"https://a/acs", "", "/", ""}, true, "At the end, “/” is too much."},
		{"https://a/acs/", "https://a/acs", Difference{"https://a/acs", "/", "", ""}, true, "At the end, “/” is missing."},
		{"https://a/acs", "http://a/acs", Difference{"http", "s", "", "://a/acs"}, true, "“s” is missing."},
		{"http://a/acs", "https://a/acs", Difference{"http", "", "s", "://a/acs"}, true, "“s” is too much."},
		{"/saml/aws", "/saml/AWS", Difference{"/saml/", "aws", "AWS", ""}, true, "Upper and lower case differ: “AWS” in place of “aws”."},
		{"/saml/aws/acs", "/saml/old/acs", Difference{"/saml/", "aws", "old", "/acs"}, true, "“old” came in place of “aws”."},
		{"name", "name ", Difference{"name", "", " ", ""}, true, "At the end, 1 blank is too much."},
		{"aa", "aaa", Difference{"aa", "", "a", ""}, true, "At the end, “a” is too much."},
		{"a user", "nobody", Difference{"", "a user", "nobody", ""}, false, ""},
		{"same", "same", Difference{"same", "", "", ""}, false, ""},
		{"", "", Difference{}, false, ""},
		{"é", "è", Difference{"", "é", "è", ""}, false, ""},
		{"ゔx", "゠x", Difference{"", "ゔ", "゠", "x"}, false, ""},
	}
	for _, tt := range tests {
		got := Differ(tt.expected, tt.received)
		if got != tt.want {
			t.Errorf("%q and %q: got %+v, want %+v", tt.expected, tt.received, got, tt.want)
		}
		if got.Telling() != tt.telling {
			t.Errorf("%q and %q: telling is %v", tt.expected, tt.received, got.Telling())
		}
		if tt.telling && got.Words() != tt.words {
			t.Errorf("%q and %q: says %q, want %q", tt.expected, tt.received, got.Words(), tt.words)
		}
	}
}

func FuzzDiffer(f *testing.F) {
	f.Add("https://a/acs", "http://a/acs/")
	f.Add("\xff", "\xffé")
	f.Fuzz(func(t *testing.T, a, b string) {
		d := Differ(a, b)
		if d.Prefix+d.Expected+d.Suffix != a || d.Prefix+d.Received+d.Suffix != b {
			t.Fatalf("%q and %q: %+v does not add up", a, b, d)
		}
		if utf8.ValidString(a) && !utf8.ValidString(d.Prefix+"|"+d.Expected+"|"+d.Suffix) {
			t.Fatalf("%q and %q: %+v splits a character", a, b, d)
		}
	})
}
