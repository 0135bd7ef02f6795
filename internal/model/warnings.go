package model

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"time"
)

// Warnings says whom Postern warns, and how.
type Warnings struct {
	SMTPHost       string `json:"smtp_host"` // empty: no mail
	SMTPPort       int    `json:"smtp_port"`
	SMTPTLS        string `json:"smtp_tls"` // MailStartTLS, MailTLS or MailPlain
	SMTPUser       string `json:"smtp_user"`
	MailFrom       string `json:"mail_from"`
	MailTo         string `json:"mail_to"`     // addresses, with commas between them
	WebhookURL     string `json:"webhook_url"` // empty: none
	WebhookPrivate bool   `json:"webhook_private"`

	PasswordSealed []byte `json:"-"`
	WebhookSealed  []byte `json:"-"` // the key of the signature
	CalendarSealed []byte `json:"-"` // the token in the calendar's address; nil: none
}

// WebhookShown is the webhook's address for who must not call it: many services
// put a secret into the path. It differs where the addresses do.
func (w Warnings) WebhookShown() string {
	if w.WebhookURL == "" {
		return ""
	}
	host := ""
	if u, err := url.Parse(w.WebhookURL); err == nil {
		host = u.Host
	}
	sum := sha256.Sum256([]byte(w.WebhookURL))
	return "https://" + host + "/… (" + hex.EncodeToString(sum[:4]) + ")"
}

// How mail is protected on its way.
const (
	MailStartTLS = "starttls"
	MailTLS      = "tls"
	MailPlain    = "none"
)

// Contexts of what Warnings has sealed.
const (
	SealedMailPassword  = "warnings:mail"
	SealedWebhookSecret = "warnings:webhook"
	SealedCalendarToken = "warnings:calendar"
)

// Ways in which notices are delivered.
const (
	ChannelMail    = "mail"
	ChannelWebhook = "webhook"
)

// NoticeFailure is a notice that could not be delivered yet.
type NoticeFailure struct {
	Key, Channel, Problem string
	Tries                 int
	NextAt                time.Time
}
