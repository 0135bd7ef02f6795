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
	WebhookShown   string `json:"webhook_url"` // for who must not call it; empty: none
	WebhookPrivate bool   `json:"webhook_private"`
	LeaversWeekly  bool   `json:"leavers_weekly"` // by mail, where somebody has left and is still active

	WebhookURL string `json:"-"` // in clear: kept by an earlier version, or just typed; empty: it is sealed

	PasswordSealed   []byte `json:"-"`
	WebhookURLSealed []byte `json:"-"`
	WebhookSealed    []byte `json:"-"` // the key of the signature
	CalendarSealed   []byte `json:"-"` // the token in the calendar's address; nil: none
}

// ShownWebhook is a webhook's address for who must not call it: many services
// put a secret into the path. It differs where the addresses do.
func ShownWebhook(address string) string {
	if address == "" {
		return ""
	}
	host := ""
	if u, err := url.Parse(address); err == nil {
		host = u.Host
	}
	sum := sha256.Sum256([]byte(address))
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
	SealedWebhookURL    = "warnings:webhook-url"
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
