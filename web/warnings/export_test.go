package warnings

// What the tests of this package look at.

const (
	FoldAt = foldAt
)

var (
	Addresses       = addresses
	DeliveryProblem = deliveryProblem
	WebhookProblem  = webhookProblem
	WebhookAnswered = webhookAnswered
)

type (
	Notice = notice
)
