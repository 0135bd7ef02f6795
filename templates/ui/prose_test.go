package ui

import (
	"strings"
	"testing"
)

func TestProse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"nothing": {" \n\n ", ""},
		"text":    {"Ask the desk.", "<p>Ask the desk.</p>"},
		"lines":   {"one\r\ntwo\r\n\r\nthree", "<p>one<br>two</p><p>three</p>"},
		"a page": {"See https://help.example.com/sso?a=1&b=2.", `<p>See <a href="https://help.example.com/sso?a=1&amp;b=2" ` +
			`rel="noreferrer">https://help.example.com/sso?a=1&amp;b=2</a>.</p>`},
		"a mailbox":     {"(it.desk@example.com)", `<p>(<a href="mailto:it.desk@example.com" rel="noreferrer">it.desk@example.com</a>)</p>`},
		"markup":        {"<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>"},
		"a script":      {"javascript:alert(1)", "<p>javascript:alert(1)</p>"},
		"a broken link": {`https://a.example/"><script>`, `<p><a href="https://a.example/" rel="noreferrer">https://a.example/</a>&#34;&gt;&lt;script&gt;</p>`},
		"data":          {"data:text/html,hello", "<p>data:text/html,hello</p>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			if err := Prose(tt.text).Render(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
