package store

import (
	"bytes"
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

func scanWarnings(row pgx.CollectableRow) (w model.Warnings, err error) {
	err = row.Scan(&w.SMTPHost, &w.SMTPPort, &w.SMTPTLS, &w.SMTPUser, &w.PasswordSealed, &w.MailFrom, &w.MailTo,
		&w.WebhookURL, &w.WebhookURLSealed, &w.WebhookShown, &w.WebhookPrivate, &w.WebhookSealed, &w.CalendarSealed, &w.LeaversWeekly)
	if w.WebhookURL != "" {
		w.WebhookShown = model.ShownWebhook(w.WebhookURL)
	}
	return w, err
}

const selectWarnings = `select smtp_host, smtp_port, smtp_tls, smtp_user, password_sealed, mail_from, mail_to,
	webhook_url, webhook_url_sealed, webhook_shown, webhook_private, webhook_sealed, calendar_sealed, leavers_weekly from warnings`

// Warnings says whom to warn, and how.
func (s *Store) Warnings(ctx context.Context) (model.Warnings, error) {
	return single(ctx, s.db, scanWarnings, selectWarnings)
}

// auditedWarnings is what the audit keeps: whether there are secrets, not which, and
// afterwards which of them are others than before.
func auditedWarnings(w model.Warnings, others map[string]bool) any {
	return struct {
		model.Warnings
		Password bool            `json:"password"`
		Secret   bool            `json:"webhook_secret"`
		Calendar bool            `json:"calendar"`
		Others   map[string]bool `json:"replaced,omitempty"`
	}{w, w.PasswordSealed != nil, w.WebhookSealed != nil, w.CalendarSealed != nil, others}
}

// replacedSecrets are the secrets that stand in the place of others.
func replacedSecrets(before, after model.Warnings) map[string]bool {
	replaced := map[string]bool{}
	for name, sealed := range map[string][2][]byte{
		"password":        {before.PasswordSealed, after.PasswordSealed},
		"webhook_secret":  {before.WebhookSealed, after.WebhookSealed},
		"webhook_address": {before.WebhookURLSealed, after.WebhookURLSealed},
		"calendar":        {before.CalendarSealed, after.CalendarSealed},
	} {
		if sealed[0] != nil && sealed[1] != nil && !bytes.Equal(sealed[0], sealed[1]) {
			replaced[name] = true
		}
	}
	return replaced
}

// SaveWarnings changes them under a lock. action is the audit's word.
func (s *Store) SaveWarnings(ctx context.Context, actor model.Actor, action string, change func(*model.Warnings) error) error {
	return s.InTx(ctx, func(tx *Store) error {
		before, err := single(ctx, tx.db, scanWarnings, selectWarnings+" for update")
		if err != nil {
			return err
		}
		after := before
		if err := change(&after); err != nil {
			return err
		}
		_, err = tx.db.Exec(ctx, `update warnings set smtp_host = @host, smtp_port = @port, smtp_tls = @tls, smtp_user = @user, password_sealed = @password,
			mail_from = @from, mail_to = @to, webhook_url = @url, webhook_url_sealed = @url_sealed, webhook_shown = @shown,
			webhook_private = @private, webhook_sealed = @secret, calendar_sealed = @calendar, leavers_weekly = @leavers`,
			named{"host": after.SMTPHost, "port": after.SMTPPort, "tls": after.SMTPTLS, "user": after.SMTPUser, "password": after.PasswordSealed,
				"from": after.MailFrom, "to": after.MailTo, "url": after.WebhookURL, "url_sealed": after.WebhookURLSealed, "shown": after.WebhookShown,
				"private": after.WebhookPrivate, "secret": after.WebhookSealed, "calendar": after.CalendarSealed, "leavers": after.LeaversWeekly})
		if err != nil {
			return translate(err)
		}
		return tx.record(ctx, actor, action, "warnings", auditedWarnings(before, nil), auditedWarnings(after, replacedSecrets(before, after)), "")
	})
}

// noticeBackoff is how long after a failure a notice is tried again.
const noticeBackoff = `(interval '1 minute' * least(power(4, notices.tries), 1440))`

// ClaimNotice tells whether a notice is to be delivered now, and takes it on:
// not when it was, not when another process is at it, and after a failure only
// when it is time again.
func (s *Store) ClaimNotice(ctx context.Context, key, channel string, now time.Time) (bool, error) {
	tag, err := s.db.Exec(ctx, `insert into notices (key, channel, tries, next_at) values (@key, @channel, 1, @now::timestamptz + interval '1 minute')
		on conflict (key, channel) do update set tries = notices.tries + 1, next_at = @now::timestamptz + `+noticeBackoff+`
		where notices.sent_at is null and notices.next_at <= @now`, named{"key": key, "channel": channel, "now": now})
	return err == nil && tag.RowsAffected() > 0, err
}

// FinishNotice keeps how a delivery ended; problem is empty when it worked.
func (s *Store) FinishNotice(ctx context.Context, key, channel string, now time.Time, problem string) error {
	_, err := s.db.Exec(ctx, `update notices set problem = @problem, sent_at = case when @problem = '' then @now::timestamptz end
		where key = @key and channel = @channel`, named{"key": key, "channel": channel, "now": now, "problem": clean(problem, 500)})
	return err
}

// ForgetNotices forgets what was told under keys that begin so and are not
// among those given: when it happens again, it is told again.
func (s *Store) ForgetNotices(ctx context.Context, beginning string, keep []string) error {
	_, err := s.db.Exec(ctx, "delete from notices where starts_with(key, @beginning) and not key = any(coalesce(@keep::text[], '{}'))",
		named{"beginning": beginning, "keep": keep})
	return err
}

// NoticeFailures lists the notices that could not be delivered yet, by the ways
// that are set up.
func (s *Store) NoticeFailures(ctx context.Context) ([]model.NoticeFailure, error) {
	return list(ctx, s.db, func(row pgx.CollectableRow) (f model.NoticeFailure, err error) {
		return f, row.Scan(&f.Key, &f.Channel, &f.Problem, &f.Tries, &f.NextAt)
	}, `select key, channel, problem, tries, next_at from notices, warnings w where sent_at is null and problem <> ''
		and case channel when 'mail' then w.smtp_host <> '' else w.webhook_shown <> '' or w.webhook_url <> '' end order by next_at limit 20`)
}
