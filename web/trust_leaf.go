package web

// trustLeaf is what is trusted of AWS on a connection, and what AWS offers.
type trustLeaf struct{ *kit }

// onTrust is how rooms reach it.
func onTrust(k *kit) trustLeaf { return trustLeaf{kit: k} }
