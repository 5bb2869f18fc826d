package localpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

const (
	aptUpdate  = "apt-get update"
	aptInstall = "apt-get install -y --no-install-recommends postgresql"
)

// ErrCannotInstall is wrapped when this account may not install packages, or there is no apt-get.
var ErrCannotInstall = errors.New("PostgreSQL is not installed and cannot be installed from here")

// Install puts Debian's postgresql package on the machine, as root or by sudo where that asks no password. Each
// command is announced on out before it runs, and its own output follows.
func Install(ctx context.Context, out io.Writer) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("%w: install its server (version 14 or newer) with your system's package manager, "+
			"or set DATABASE_URL or PG_BIN", ErrCannotInstall)
	}
	var sudo []string
	if os.Getuid() != 0 {
		if err := exec.CommandContext(ctx, "sudo", "-n", "true").Run(); err != nil {
			return fmt.Errorf("%w: type: sudo %s", ErrCannotInstall, aptInstall)
		}
		sudo = []string{"sudo", "-n"}
	}
	// Old lists do not always prevent the installation, which tells for itself when they do.
	if err := apt(ctx, out, sudo, aptUpdate); err != nil && ctx.Err() != nil {
		return err
	}
	return apt(ctx, out, sudo, aptInstall)
}

func apt(ctx context.Context, out io.Writer, sudo []string, command string) error {
	line := append(sudo, strings.Fields("env DEBIAN_FRONTEND=noninteractive "+command)...)
	if _, err := fmt.Fprintln(out, "+", strings.Join(line, " ")); err != nil {
		return fmt.Errorf("announce %s: %w", command, err)
	}
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	return nil
}
