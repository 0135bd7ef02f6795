package ui

// Tone is what a sign means. The zero value means nothing: plain words.
type Tone string

// Tones of signs. Each goes with a word, a shape or a style of line, never as a
// color alone.
const (
	Plain Tone = ""
	Good  Tone = "good"
	Warn  Tone = "warn" // somebody should look at it
	Bad   Tone = "bad"
	Info  Tone = "info"
	None  Tone = "none" // nothing to judge yet
)

// icon is what stands before a remark of this tone.
func (t Tone) icon() string {
	switch t {
	case Good:
		return "circle-check"
	case Warn:
		return "alert-triangle"
	case Bad:
		return "circle-x"
	default:
		return "info-circle"
	}
}
