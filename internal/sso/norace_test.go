//go:build !race

package sso

const raceDetector = false
