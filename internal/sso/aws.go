package sso

// AWSIdentifiers takes apart an entity ID or endpoint URL of an AWS application.
func AWSIdentifiers(entityIDorURL string) (region, partition, accountID, instanceID string, ok bool) {
	return "", "", "", "", false
}
