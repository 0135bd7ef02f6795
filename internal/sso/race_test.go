//go:build race

package sso

// raceDetector tells that what is allocated says nothing: the race detector
// drops pooled buffers at random, so that they are made again and again.
const raceDetector = true
