package model

import (
	"strings"
	"time"
)

// PinField is what an administrator can keep from a source's reach.
type PinField string

// Fields that can be pinned.
const (
	PinUsername PinField = "username"
	PinEmail    PinField = "email"
	PinName     PinField = "name" // display, first and last name
	PinActive   PinField = "active"
)

// PinFields are all of them, in the order in which they are offered.
func PinFields() []PinField { return []PinField{PinUsername, PinEmail, PinName, PinActive} }

// Pin is an administrator's word that a field stays as it is.
type Pin struct {
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"` // zero: until it is taken away
}

// Pins are the pinned fields of a user.
type Pins map[PinField]Pin

// Holds tells whether the field is pinned at that time.
func (p Pins) Holds(f PinField, at time.Time) bool {
	pin, ok := p[f]
	return ok && (pin.Until.IsZero() || at.Before(pin.Until))
}

// DeactivatedByHand is the mark of a user whom a person deactivated.
const DeactivatedByHand = "hand"

// DeactivatedBySource is the mark of a user whom that source deactivated.
func DeactivatedBySource(slug string) string { return deactivatedBySource + slug }

const deactivatedBySource = "source:"

// DeactivatingSource is the slug of the source that left the mark, if one did.
func DeactivatingSource(mark string) (string, bool) {
	return strings.CutPrefix(mark, deactivatedBySource)
}

// SourceOfRef is the slug of the source in such a reference.
func SourceOfRef(ref string) string {
	slug, _, _ := strings.Cut(ref, "/")
	return slug
}

// SourceRef is the reference of a membership that a group of a source gives.
func SourceRef(slug, groupID string) string { return slug + "/" + groupID }
