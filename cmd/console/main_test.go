package main

import (
	"os"
	"testing"

	"github.com/postern-sso/postern/internal/store/storetest"
)

// asProgram in the environment makes the test binary the program itself, for
// tests of what only a process of its own shows.
const asProgram = "POSTERN_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	storetest.Main(m)
}
