package web

// tracesLeaf tells what traces of logins say: in rows, in words, and of the clocks.
type tracesLeaf struct{ *kit }

// onTraces is how rooms reach it.
func onTraces(k *kit) tracesLeaf { return tracesLeaf{kit: k} }
