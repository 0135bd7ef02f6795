package warnings

import "github.com/postern-sso/postern/internal/model"

// What the tests of this package look at.

const (
	FoldAt = foldAt
)

var (
	Addresses       = model.Mailboxes
	DeliveryProblem = deliveryProblem
	WebhookProblem  = webhookProblem
	WebhookAnswered = webhookAnswered
)

type (
	Notice = notice
)
