package layout

import "context"

type commandKey struct{}

// WithCommands makes the pages rendered under the context show commands with the
// flags that lead them to this Postern's data.
func WithCommands(ctx context.Context, flags string) context.Context {
	return context.WithValue(ctx, commandKey{}, flags)
}

// Command is a command line of the program as it is to be typed on the server.
// Without flags that are known it is for the folder of the program.
func Command(ctx context.Context, command string) string {
	flags, _ := ctx.Value(commandKey{}).(string)
	if flags == "" {
		return "console " + command
	}
	return "console " + command + " " + flags
}
