package ui

import (
	"regexp"
	"strings"
)

// prosePart is a piece of a line: text, or a link.
type prosePart struct {
	text string
	href string // empty: no link
}

// linkable are the only two kinds of address that become links: pages, and
// mailboxes. A scheme that runs something cannot match.
var linkable = regexp.MustCompile(`(?i)\bhttps?://[^\s<>"'“”‘’]+|[a-z0-9._+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+`)

// paragraphs splits text at blank lines.
func paragraphs(text string) []string {
	var all []string
	for p := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return all
}

// linked finds the links of a line. What ends a sentence is no part of one.
func linked(line string) []prosePart {
	var parts []prosePart
	for line != "" {
		at := linkable.FindStringIndex(line)
		if at == nil {
			return append(parts, prosePart{text: line})
		}
		address := strings.TrimRight(line[at[0]:at[1]], ".,;:!?)]")
		if at[0] > 0 {
			parts = append(parts, prosePart{text: line[:at[0]]})
		}
		href := address
		if !strings.Contains(address, "://") {
			href = "mailto:" + address
		}
		parts = append(parts, prosePart{text: address, href: href})
		line = line[at[0]+len(address):]
	}
	return parts
}
