package warnings

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/outgoing"
)

// deliveryPatience is for how long a mail server or a webhook may take.
const deliveryPatience = 20 * time.Second

// deliver sends one notice. The error is for the log; deliveryProblem puts it
// into words.
func (rm *Room) deliver(ctx context.Context, to model.Warnings, n notice, channel string) error {
	ctx, cancel := context.WithTimeout(ctx, deliveryPatience)
	defer cancel()
	if channel == model.ChannelMail {
		return rm.sendMail(ctx, to, n)
	}
	return rm.callWebhook(ctx, to, n)
}

func (rm *Room) sendMail(ctx context.Context, to model.Warnings, n notice) error {
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := m.From(to.MailFrom); err != nil {
		return fmt.Errorf("the sender's address: %w", err)
	}
	receivers, err := model.Mailboxes(to.MailTo)
	if err == nil {
		err = m.To(receivers...)
	}
	if err != nil {
		return fmt.Errorf("the receivers' addresses: %w", err)
	}
	m.Subject(n.Subject)
	m.SetDateWithValue(rm.Now())
	m.SetMessageID()
	m.SetGenHeader("Auto-Submitted", "auto-generated") // nobody's holiday answers it
	m.SetBodyString(mail.TypeTextPlain, n.Text+"\n\n"+n.Link+"\n")
	options := []mail.Option{mail.WithPort(to.SMTPPort), mail.WithTimeout(deliveryPatience), mail.WithTLSPolicy(mail.TLSMandatory)}
	switch to.SMTPTLS {
	case model.MailTLS:
		options = append(options, mail.WithSSL())
	case model.MailPlain:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if rm.Opts.MailTLS != nil {
		options = append(options, mail.WithTLSConfig(rm.Opts.MailTLS))
	}
	if to.SMTPUser != "" {
		password, err := rm.opened(to.PasswordSealed, model.SealedMailPassword)
		if err != nil {
			return err
		}
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(to.SMTPUser), mail.WithPassword(password))
	}
	client, err := mail.NewClient(to.SMTPHost, options...)
	if err != nil {
		return fmt.Errorf("the mail server: %w", err)
	}
	return client.DialAndSendWithContext(ctx, m)
}

// callWebhook posts the notice as JSON. The signature is an HMAC-SHA256 of the
// time and the body, so that nobody else can make one, or send one again later.
func (rm *Room) callWebhook(ctx context.Context, to model.Warnings, n notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	secret, err := rm.opened(to.WebhookSealed, model.SealedWebhookSecret)
	if err != nil {
		return err
	}
	address, err := rm.webhookAddress(to)
	if err != nil {
		return err
	}
	fetcher := outgoing.NewFetcher(rm.OnLoopback())
	fetcher.Private = to.WebhookPrivate
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if err := fetcher.JudgeURL(req.URL); err != nil {
		return &outgoing.Error{Text: webhookForm, Cause: err}
	}
	at := strconv.FormatInt(rm.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s", at, body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Postern-Signature", "t="+at+",v1="+hex.EncodeToString(mac.Sum(nil)))
	client := fetcher.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a notice goes to one address
	res, err := client.Do(req)
	if err != nil {
		return webhookProblem(req.URL.Hostname(), err)
	}
	defer func() { _ = res.Body.Close() }()
	return webhookAnswered(req.URL.Hostname(), res.StatusCode)
}

// opened is a secret that is kept sealed. The errors are for administrators.
func (rm *Room) opened(sealed []byte, context string) (string, error) {
	if sealed == nil {
		return "", &outgoing.Error{Text: "The secret that belongs to it is missing. Set it once more."}
	}
	plain, err := rm.Sealer.Open(sealed, context)
	if err != nil {
		return "", &outgoing.Error{Text: "The secret that belongs to it cannot be opened with this key. Set it once more.", Cause: err}
	}
	return string(plain), nil
}
