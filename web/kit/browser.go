package kit

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"time"
)

const (
	browserCookie = "postern-login" // tells one browser from another, nothing else

	browserLifetime = 24 * time.Hour

	HandleLength = 26 // of rand.Text: 130 bits
)

// MarkBrowser makes sure that the browser has its cookie and returns its hash.
// The answer from AWS is a cross-site POST, so over https the cookie says
// SameSite=None. Over plain http that is not to be had; without the attribute
// browsers still send a fresh cookie, and it only serves trying out.
func (k *Kit) MarkBrowser(w http.ResponseWriter, r *http.Request) []byte {
	value := k.BrowserValue(r)
	if value == "" {
		value = rand.Text()
	}
	c := &http.Cookie{
		Name: k.CookieName(browserCookie), Value: value, Path: "/", HttpOnly: true,
		MaxAge: int(browserLifetime / time.Second),
	}
	if k.Secure() {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	http.SetCookie(w, c)
	return HashBrowser(value)
}

// BrowserValue tells this browser from others; empty where it has no such cookie.
func (k *Kit) BrowserValue(r *http.Request) string {
	c, err := r.Cookie(k.CookieName(browserCookie))
	if err != nil || len(c.Value) != HandleLength {
		return ""
	}
	return c.Value
}

// HashBrowser is what is stored of a browser's value.
func HashBrowser(value string) []byte {
	h := sha256.Sum256([]byte(value))
	return h[:]
}
