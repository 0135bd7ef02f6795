package directory

// ReadError is why a source could not be read to the end. Nothing is concluded from
// what was read before it.
type ReadError struct {
	Reason     string // short and permanent: "size_limit", "tls_untrusted", "throttled"
	Detail     string // what happened, a sentence for an administrator; no secret
	Remedy     string // what helps, a sentence; may be empty
	Incomplete bool   // part of the answer came
	Err        error  // what the library said; may be nil
}

func (e *ReadError) Error() string { return e.Detail }

func (e *ReadError) Unwrap() error { return e.Err }

// Unusable is why nothing can be planned from a reading that is complete.
type Unusable struct {
	Reason string // "empty_result", "duplicate_id", "missing_id"
	Detail string // a sentence
}

func (e *Unusable) Error() string { return e.Detail }
