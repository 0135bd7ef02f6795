package csvimport

import "strings"

// formula are the characters with which spreadsheets begin a formula. The
// apostrophe is among them because it is what guards: see Guard.
const formula = "=+-@\t\r'"

// Guard writes a value so that no spreadsheet takes it for a formula: with an
// apostrophe before it. Parse takes the apostrophe away again.
func Guard(value string) string {
	if value != "" && strings.ContainsRune(formula, rune(value[0])) {
		return "'" + value
	}
	return value
}

// unguard is the value that Guard wrote.
func unguard(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && rest != "" && strings.ContainsRune(formula, rune(rest[0])) {
		return rest
	}
	return cell
}
