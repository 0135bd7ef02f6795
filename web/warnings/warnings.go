package warnings

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/warnings"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/outgoing"
)

// showWarnings is where owners say whom to warn, and how.
func (rm *Room) showWarnings(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	to, err := rm.Store.Warnings(r.Context())
	if err != nil {
		return err
	}
	return rm.renderWarnings(w, r, a, to, nil, "")
}

// renderWarnings shows the page; secret is a webhook's, just made.
func (rm *Room) renderWarnings(w http.ResponseWriter, r *http.Request, a model.Administrator, to model.Warnings,
	problems []model.Problem, secret string) error {
	failures, err := rm.Store.NoticeFailures(r.Context())
	if err != nil {
		return err
	}
	v := warnings.WarningsPage{
		Page: rm.Page(r, a, layout.NavSettings, "Warnings", "Postern tells you about certificates that end, new ones in AWS's metadata, metadata "+
			"that cannot be fetched, sources that cannot be read, runs that wait for you, and scheduled backups that fail."),
		To: to, Failures: failures, Problems: problems, NewSecret: secret,
	}
	v.Page.Crumbs = []layout.Crumb{{Label: "Settings", Href: paths.Settings}}
	if a.Role == model.RoleOwner {
		if v.Webhook, err = rm.webhookAddress(to); err != nil {
			rm.Log.WarnContext(r.Context(), "webhook's address not opened", "error", err)
		}
	}
	if token, err := rm.opened(to.CalendarSealed, model.SealedCalendarToken); err == nil && a.Role == model.RoleOwner {
		v.Calendar = rm.Opts.PublicURL + paths.Calendar(token)
	}
	status := http.StatusOK
	if len(problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, warnings.Warnings(v))
}

// saveMail keeps the mail server. An empty password field leaves the password
// as it is, where it goes to the same server in the same way.
func (rm *Room) saveMail(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	to, problems, err := rm.readMail(r)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return rm.renderWarnings(w, r, a, to, problems, "")
	}
	err = rm.Store.SaveWarnings(r.Context(), rm.Actor(r, a), "warnings.mail", func(now *model.Warnings) error {
		now.SMTPHost, now.SMTPPort, now.SMTPTLS, now.SMTPUser = to.SMTPHost, to.SMTPPort, to.SMTPTLS, to.SMTPUser
		now.MailFrom, now.MailTo, now.PasswordSealed, now.LeaversWeekly = to.MailFrom, to.MailTo, to.PasswordSealed, to.LeaversWeekly
		return nil
	})
	if err != nil {
		return err
	}
	if to.SMTPHost == "" {
		return rm.Done(w, r, paths.Warnings, "Nobody is warned by mail any more.")
	}
	return rm.Saved(w, r, paths.Warnings, "Send a test to see whether it arrives.")
}

func (rm *Room) readMail(r *http.Request) (model.Warnings, []model.Problem, error) {
	to, err := rm.Store.Warnings(r.Context())
	if err != nil {
		return to, nil, err
	}
	before := to
	to.SMTPHost, to.SMTPTLS, to.SMTPUser = kit.Typed(r, "smtp_host"), r.PostFormValue("smtp_tls"), kit.Typed(r, "smtp_user")
	to.MailFrom, to.MailTo, to.LeaversWeekly = kit.Typed(r, "mail_from"), kit.Typed(r, "mail_to"), r.PostFormValue("leavers_weekly") != ""
	var problems []model.Problem
	wrong := func(field, text string) { problems = append(problems, model.Problem{Field: field, Text: text}) }
	port, err := strconv.Atoi(r.PostFormValue("smtp_port"))
	if to.SMTPPort = port; err != nil || port < 1 || port > 65535 {
		wrong("smtp_port", "Type the port as a number: 587 for most servers, 465 for TLS from the start.")
	}
	if to.SMTPTLS != model.MailStartTLS && to.SMTPTLS != model.MailTLS && to.SMTPTLS != model.MailPlain {
		wrong("smtp_tls", "Choose how the connection is protected.")
	}
	if to.SMTPHost != "" {
		if strings.ContainsAny(to.SMTPHost, " /:@") {
			wrong("smtp_host", "Type only the name of the server, for example smtp.example.com.")
		}
		if err := model.CheckMailbox(to.MailFrom); err != nil {
			wrong("mail_from", "Type the address that the mail comes from, for example postern@example.com: what is typed "+err.Error()+".")
		}
		if err := model.CheckMailboxes(to.MailTo); err != nil {
			wrong("mail_to", "Type one or more addresses, with commas or semicolons between them: what is typed "+err.Error()+".")
		}
	}
	switch password := r.PostFormValue("smtp_password"); {
	case to.SMTPUser == "" || to.SMTPHost == "":
		to.PasswordSealed = nil
	case to.SMTPTLS == model.MailPlain:
		wrong("smtp_tls", "Without TLS the password could be read on the way. Choose another protection, or leave the user name out.")
	case password != "":
		to.PasswordSealed, err = rm.Sealer.Seal([]byte(password), model.SealedMailPassword)
		return to, problems, err
	case to.PasswordSealed == nil:
		wrong("smtp_password", "Type the password that belongs to the user name.")
	case to.SMTPHost != before.SMTPHost || to.SMTPPort != before.SMTPPort || to.SMTPTLS != before.SMTPTLS || to.SMTPUser != before.SMTPUser:
		// Who may change the server must not get the password sent to one of theirs.
		to.PasswordSealed = nil
		wrong("smtp_password", "Type the password again: the one that is kept belongs to the server, port, protection and user name as they were.")
	}
	return to, problems, nil
}

// saveWebhook keeps the address and shows the key of its signature, once.
func (rm *Room) saveWebhook(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	to, err := rm.Store.Warnings(r.Context())
	if err != nil {
		return err
	}
	before := to
	to.WebhookURL, to.WebhookPrivate = kit.Typed(r, "webhook_url"), r.PostFormValue("webhook_private") != ""
	if to.WebhookURL != "" {
		if problem := rm.checkWebhook(to.WebhookURL); problem != "" {
			return rm.renderWarnings(w, r, a, to, []model.Problem{{Field: "webhook_url", Text: problem}}, "")
		}
	}
	secret, err := rm.sealWebhook(&to, r.PostFormValue("new_secret") != "")
	if err != nil {
		return err
	}
	if was, err := rm.webhookAddress(before); err == nil && was == to.WebhookURL && before.WebhookURLSealed != nil {
		to.WebhookURLSealed = before.WebhookURLSealed // the same is not sealed anew
	}
	err = rm.Store.SaveWarnings(r.Context(), rm.Actor(r, a), "warnings.webhook", func(now *model.Warnings) error {
		now.WebhookURL, now.WebhookURLSealed, now.WebhookShown = "", to.WebhookURLSealed, to.WebhookShown
		now.WebhookPrivate, now.WebhookSealed = to.WebhookPrivate, to.WebhookSealed
		return nil
	})
	if err != nil {
		return err
	}
	if secret != "" {
		return rm.renderWarnings(w, r, a, to, nil, secret)
	}
	return rm.Saved(w, r, paths.Warnings, "")
}

// sealWebhook seals the address that is there in clear, and makes the key of the
// signature where there is none or a new one is wanted. secret is that key, to
// be shown once.
func (rm *Room) sealWebhook(to *model.Warnings, renew bool) (secret string, err error) {
	to.WebhookShown, to.WebhookURLSealed = model.ShownWebhook(to.WebhookURL), nil
	if to.WebhookURL == "" {
		to.WebhookSealed = nil
		return "", nil
	}
	if to.WebhookURLSealed, err = rm.Sealer.Seal([]byte(to.WebhookURL), model.SealedWebhookURL); err != nil {
		return "", err
	}
	if to.WebhookSealed == nil || renew {
		secret = rand.Text() + rand.Text()
		to.WebhookSealed, err = rm.Sealer.Seal([]byte(secret), model.SealedWebhookSecret)
	}
	return secret, err
}

// webhookAddress is the address to call; empty: none.
func (rm *Room) webhookAddress(to model.Warnings) (string, error) {
	if to.WebhookURL != "" || to.WebhookURLSealed == nil {
		return to.WebhookURL, nil
	}
	return rm.opened(to.WebhookURLSealed, model.SealedWebhookURL)
}

// sealOldWebhook seals an address that an earlier version kept in clear. While
// both versions run, the earlier one may write another: that one is newer.
func (rm *Room) sealOldWebhook(ctx context.Context, to model.Warnings) error {
	if to.WebhookURL == "" {
		return nil
	}
	return rm.Store.SaveWarnings(ctx, model.Actor{Name: "Postern"}, "warnings.webhook", func(now *model.Warnings) (err error) {
		if now.WebhookURL != "" {
			now.WebhookURLSealed, err = rm.Sealer.Seal([]byte(now.WebhookURL), model.SealedWebhookURL)
			now.WebhookURL = ""
		}
		return err
	})
}

func (rm *Room) checkWebhook(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return "This is not a web address."
	}
	if err := outgoing.NewFetcher(rm.OnLoopback()).JudgeURL(u); err != nil {
		return webhookForm
	}
	return ""
}

// testMail and testWebhook send a notice that says it is a test, and tell why it
// did not arrive.
func (rm *Room) testMail(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.testWarning(w, r, a, model.ChannelMail)
}

func (rm *Room) testWebhook(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	return rm.testWarning(w, r, a, model.ChannelWebhook)
}

func (rm *Room) testWarning(w http.ResponseWriter, r *http.Request, a model.Administrator, channel string) error {
	to, err := rm.Store.Warnings(r.Context())
	if err != nil {
		return err
	}
	n := notice{Key: "test", Subject: "This is a test", Text: "Postern can reach you. " + a.Email + " asked for this.", Link: rm.Opts.PublicURL + paths.Warnings}
	if err := rm.deliver(context.WithoutCancel(r.Context()), to, n, channel); err != nil {
		rm.Log.WarnContext(r.Context(), "test of a warning not delivered", "channel", channel, "error", err)
		return rm.renderWarnings(w, r, a, to, []model.Problem{{Text: "The test was not delivered. " + deliveryProblem(to, channel, err)}}, "")
	}
	return rm.Inform(w, r, paths.Warnings, "The test was handed over. Look whether it has arrived.")
}

// renewCalendar makes a calendar address, in place of the one there.
func (rm *Room) renewCalendar(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	sealed, err := rm.Sealer.Seal([]byte(rand.Text()), model.SealedCalendarToken)
	if err != nil {
		return err
	}
	err = rm.Store.SaveWarnings(r.Context(), rm.Actor(r, a), "warnings.calendar", func(now *model.Warnings) error {
		now.CalendarSealed = sealed
		return nil
	})
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.Warnings, "Subscribe to the new address. An earlier one does not work any more.")
}
