package access_test

import (
	"strings"
	"testing"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/web/access"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	const email = "ana.lima@example.com"
	tests := []struct {
		name, password, email string
		says                  string // empty: accepted
	}{
		{"words", "mild otter reads maps", email, ""},
		{"twelve characters", "kfuw-zqpt-mb", email, ""},
		{"non-Latin letters", "мягкая выдра читает", email, ""},
		{"a common word inside a long phrase", "password of the otter", email, ""},
		{"empty", "", email, "is needed"},
		{"eleven characters", "kfuw-zqpt-m", email, "shorter than 12"},
		{"eleven characters in more bytes", "éééééàààààù", email, "shorter than 12"},
		{"too long", strings.Repeat("ab cdefghij", 100), email, "longer than 1024"},
		{"not UTF-8", "kfuw-zqpt-mb\xff", email, "not valid UTF-8"},
		{"the email", "Ana.Lima@Example.com", email, "is the email"},
		{"the name of the email with digits", "ana.lima2026!", email, "is the email"},
		{"digits where the email has digits only", "8392 0584 7261", "007@example.com", ""},
		{"common with digits", "Password1234", email, "first that somebody would try"},
		{"common twice", "changemechangeme!", email, "first that somebody would try"},
		{"digits in a row", "123412341234", email, "first that somebody would try"},
		{"one letter", "aaaaaaaaaaaaaaaa", email, "first that somebody would try"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := access.CheckPassword(tt.password, tt.email)
			if tt.says == "" && got != "" || !strings.Contains(got, tt.says) {
				t.Errorf("CheckPassword(%q) = %q, want %q", tt.password, got, tt.says)
			}
		})
	}
}

func TestHashPasswordVerifies(t *testing.T) {
	t.Parallel()
	const pw = "mild otter reads maps"
	hash, err := access.HashPassword(t.Context(), pw)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := argon2id.ComparePasswordAndHash(pw, hash); err != nil || !ok {
		t.Errorf("the right password: %v, %v", ok, err)
	}
	if ok, err := argon2id.ComparePasswordAndHash(pw+"s", hash); err != nil || ok {
		t.Errorf("a wrong password: %v, %v", ok, err)
	}
}
