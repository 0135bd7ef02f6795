package kit

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/ui"
)

// A message of success is not believed by its words: what the store has written
// into the audit for the request decides whether it may say that something
// changed, and which fields did.

// NoteChanges remembers, for requests that change something, what the store
// changes on their behalf. PutFlash and Saved ask for it.
func NoteChanges(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			r = r.WithContext(store.Noting(r.Context()))
		}
		next.ServeHTTP(w, r)
	})
}

// nothingChanged is what is said in place of a success that is none.
const nothingChanged = "Nothing was changed: everything is so already."

// PutFlash leaves a message for the next page of the console. One of success is
// left only where the request has changed something.
func (k *Kit) PutFlash(r *http.Request, f layout.Flash) {
	if f.Kind == flashSuccess && len(store.Noted(r.Context())) == 0 {
		f = layout.Flash{Kind: flashInfo, Text: nothingChanged}
	}
	k.Admins.Put(r.Context(), keyFlash, f)
}

// Kinds of messages: of a change, and of anything else.
const (
	flashSuccess = "success"
	flashInfo    = "info"
)

// Done answers a change that worked: a message for the next page, and 303 to it.
// Where nothing was changed, the message says so.
func (k *Kit) Done(w http.ResponseWriter, r *http.Request, to, message string) error {
	if message != "" {
		k.PutFlash(r, layout.Flash{Kind: flashSuccess, Text: message})
	}
	return SeeOther(w, r, to)
}

// Inform answers what changes nothing that is kept: a message for the next page, and
// 303 to it.
func (k *Kit) Inform(w http.ResponseWriter, r *http.Request, to, message string) error {
	k.PutFlash(r, layout.Flash{Kind: flashInfo, Text: message})
	return SeeOther(w, r, to)
}

// Saved answers a form whose fields were stored: the message says which of them
// changed, and then what the caller adds, or that nothing did.
func (k *Kit) Saved(w http.ResponseWriter, r *http.Request, to, further string) error {
	return k.Done(w, r, to, strings.TrimSpace(SavedWords(r)+" "+further))
}

// SavedWords says which fields the request has changed, from the audit's before
// and after.
func SavedWords(r *http.Request) string {
	fields := map[string]bool{}
	for _, e := range store.Noted(r.Context()) {
		for _, f := range changedFields(e) {
			fields[f] = true
		}
	}
	if len(fields) == 0 {
		return "Saved."
	}
	return "Saved: " + ui.List(slices.Sorted(maps.Keys(fields))) + "."
}

// changedFields names the fields in which an entry of the audit differs, in words.
func changedFields(e model.AuditEntry) []string {
	var before, after map[string]json.RawMessage
	if json.Unmarshal(e.Before, &before) != nil || json.Unmarshal(e.After, &after) != nil {
		return nil // made or removed, and not changed
	}
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	var changed []string
	for name := range names {
		if bytes.Equal(before[name], after[name]) {
			continue
		}
		if name == "replaced" { // secrets, by name
			var secrets map[string]bool
			_ = json.Unmarshal(after[name], &secrets) // it is our own
			for secret := range secrets {
				changed = append(changed, fieldWords(secret))
			}
			continue
		}
		changed = append(changed, fieldWords(name))
	}
	return changed
}

// fieldWords is a field of the audit in the words of the forms.
func fieldWords(field string) string {
	words := map[string]string{
		"display_name": "display name", "first_name": "first name", "last_name": "last name",
		"public_url": "public URL", "help_contact": "whom people ask for help", "product_name": "name",
		"trace_retention": "how long traces are kept", "login_retention": "how long logins are kept",
		"refused_text": "text for people who are refused", "signed_out_text": "text after signing out", "me_text": "text on people's own page",
		"console_group": "group that may use the console", "console_group_id": "group that may use the console", "console_role": "its role",
		"require_passkey": "whether passkeys are required",
		"smtp_host":       "mail server", "smtp_port": "port", "smtp_tls": "protection of the mail", "smtp_user": "user name at the mail server",
		"mail_from": "sender", "mail_to": "recipients",
		"webhook_url": "address of the webhook", "webhook_shown": "address of the webhook", "webhook_address": "address of the webhook",
		"webhook_private": "whether it may be inside the network", "webhook_secret": "key of the webhook",
		"redirect_uris": "redirect addresses", "post_logout_uris": "addresses after signing out", "start_url": "start address",
		"allowed_ips": "allowed addresses", "public": "whether it has a secret", "all_groups": "groups that it sees", "groups": "groups",
		"kind": "condition", "logo_hash": "logo", "trust_new": "trust of new certificates", "email": "email", "username": "username",
	}
	if w, ok := words[field]; ok {
		return w
	}
	return strings.ReplaceAll(field, "_", " ")
}
