package parts

// Seen is what the page of a refused login says: the trace shows the same, word
// for word.
type Seen struct {
	Title string // of the page
	What  string // in one sentence
	Next  string // what the person can do, and whether trying again helps
}
