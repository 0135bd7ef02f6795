package awssim

import (
	"maps"
	"net/http"
)

// StoreFault is an error that the Identity Store API answers with on request.
type StoreFault string

// Errors of the Identity Store API that do not come from what was asked.
const (
	StoreAccessDenied StoreFault = "access_denied"
	StoreKeyDenied    StoreFault = "kms_access_denied"
	StoreQuota        StoreFault = "quota_exceeded"
	StoreConflict     StoreFault = "conflict"
	StoreThrottling   StoreFault = "throttling"
	StoreInternal     StoreFault = "internal"
	StoreExpired      StoreFault = "expired_token"
)

// StoreFaultInfo describes such an error.
type StoreFaultInfo struct {
	Fault    StoreFault
	Title    string
	Sentence string
	answer   storeError
}

// StoreFaults is the table of them, in the order of the page.
func StoreFaults() []StoreFaultInfo {
	return []StoreFaultInfo{
		{StoreAccessDenied, "Access denied", "403: the caller's policy, or the network controls of the identity store, do not allow it.",
			storeError{Type: "AccessDeniedException", Message: "User: arn:aws:sts::123456789012:assumed-role/example/session is not authorized to perform this " +
				"operation because no identity-based policy allows it"}},
		{StoreKeyDenied, "Access to the key denied", "403: the identity store is encrypted with a customer's key, and the caller may not use it.",
			storeError{Type: "AccessDeniedException", Message: "Access to the KMS key was denied.", Reason: "KMS_ACCESS_DENIED"}},
		{StoreQuota, "Quota exceeded", "402: a quota of the account is used up.",
			storeError{Type: "ServiceQuotaExceededException", Message: "The request would exceed a service quota."}},
		{StoreConflict, "Conflict", "409: somebody else changes the same at this moment.",
			storeError{Type: "ConflictException", Message: "The resource was modified concurrently.", Reason: "CONCURRENT_MODIFICATION"}},
		{StoreThrottling, "Throttling", "429: too many requests. The answer says after how many seconds to try again.",
			storeError{Type: "ThrottlingException", Message: "Rate exceeded", RetryAfterSeconds: 1}},
		{StoreExpired, "Expired token", "400: the caller's temporary credentials are over.",
			storeError{Type: "ExpiredTokenException", Message: "The security token included in the request is expired"}},
		{StoreInternal, "Internal error", "500: AWS has a fault of its own.",
			storeError{Type: "InternalServerException", Message: "An internal error occurred.", RetryAfterSeconds: 1}},
	}
}

func storeFaultInfo(f StoreFault) (StoreFaultInfo, bool) {
	for _, i := range StoreFaults() {
		if i.Fault == f {
			return i, true
		}
	}
	return StoreFaultInfo{}, false
}

// SetStoreFault switches an error of the Identity Store API on (Once or On) or Off.
func (s *Simulator) SetStoreFault(f StoreFault, m Mode) error {
	return s.UpdateSettings(func(c *Settings) {
		c.StoreFaults = maps.Clone(c.StoreFaults)
		if c.StoreFaults == nil {
			c.StoreFaults = map[StoreFault]Mode{}
		}
		if c.StoreFaults[f] = m; m == Off {
			delete(c.StoreFaults, f)
		}
	})
}

// storeFault is the error that is switched on, if one is; one that was wanted
// once is over with it.
func (s *Simulator) storeFault() error {
	c := s.Settings()
	for _, f := range StoreFaults() {
		mode := c.StoreFaults[f.Fault]
		if mode == Off {
			continue
		}
		if mode == Once {
			if err := s.SetStoreFault(f.Fault, Off); err != nil {
				return err
			}
		}
		answer := f.answer
		return &answer
	}
	return nil
}

// storeStatus is the HTTP status of an error of the Identity Store API, as its
// model has it.
func storeStatus(kind string) int {
	switch kind {
	case "ServiceQuotaExceededException":
		return http.StatusPaymentRequired
	case "AccessDeniedException":
		return http.StatusForbidden
	case "ResourceNotFoundException":
		return http.StatusNotFound
	case "ConflictException":
		return http.StatusConflict
	case "ThrottlingException":
		return http.StatusTooManyRequests
	case "InternalServerException":
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}
