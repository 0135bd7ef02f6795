package configdoc

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// field is a key of the document with a value: text, true or false, a list of
// texts, names of groups or a condition.
type field struct {
	key   string
	value any
}

// shown is a value on one line of a plan.
func shown(v any) string {
	switch x := v.(type) {
	case bool:
		return strconv.FormatBool(x)
	case []string:
		return "[" + strings.Join(x, ", ") + "]"
	case names:
		return shown([]string(x))
	case pairs:
		return x.written(func(s string) string { return s })
	case condition:
		return shown(x.written(func(s string) string { return s }))
	case string:
		switch {
		case strings.Contains(x, "\n") || len(x) > 120:
			return fmt.Sprintf("(%d characters)", len(x))
		case x == "" || strings.ContainsAny(x, " \t"):
			return strconv.Quote(x)
		default:
			return x
		}
	default:
		return fmt.Sprint(x)
	}
}

// formatDuration writes a duration without the zero units that Go adds: 3m
// rather than 3m0s.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
