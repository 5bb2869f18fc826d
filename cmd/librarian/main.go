// Command librarian is the remote librarian: one program that serves readers in their messengers and staff at a desk.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"librarian/bots/files"
	"librarian/queue/fragments"
)

// commands are everything the program can do.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Serve readers and staff until stopped."`
	Demo    demoCommand    `cmd:"" help:"Serve a sample library on this machine alone, with a database of its own."`
	Library libraryCommand `cmd:"" help:"Add libraries, show and change their settings."`
	Channel channelCommand `cmd:"" help:"Add channels to a library."`
	Staff   staffCommand   `cmd:"" help:"Add the first operator, and let staff in again who have lost their access."`
	Stock   stockCommand   `cmd:"" help:"Take a catalogue over and search it."`
	Key     keyCommand     `cmd:"" help:"Make the key with which papers and secrets are encrypted, and change it."`
	Doctor  doctorCommand  `cmd:"" help:"Look at everything the service needs and say what is wrong."`
	Backup  backupCommand  `cmd:"" help:"Write the database and all files into a new folder, while the service runs. The key is not among them."`
	Restore restoreCommand `cmd:"" help:"Bring a back-up into an empty database and an empty place for files."`
}

func main() {
	// The children that handle other people's files are started with one of these words and read nothing else of the command line or the environment.
	children := map[string]func(io.Reader, io.Writer) error{"decode": files.DecodeMain, "join": fragments.JoinMain}
	if len(os.Args) == 2 && children[os.Args[1]] != nil {
		if err := children[os.Args[1]](os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c, kong.Name("librarian"), kong.Description("The remote librarian. Settings are read from flags, then from the environment."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(slog.New(slog.NewTextHandler(os.Stderr, nil))))
	if err := k.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "librarian:", err)
		stop()
		os.Exit(1)
	}
}
