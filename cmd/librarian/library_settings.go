package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/contacts"
	"librarian/contacts/library"
)

type libraryShowCommand struct {
	database
	Slug string `arg:"" help:"The library's slug."`
}

// Run prints the library's settings as a document that change takes.
func (c libraryShowCommand) Run(ctx context.Context) error {
	pool, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	lib, err := contacts.NewLibraries(pool, time.Now).BySlug(ctx, c.Slug)
	if err != nil {
		return err
	}
	return printSettings(lib.Settings)
}

type libraryExampleCommand struct{}

// Run prints the settings of a full registration as an example.
func (libraryExampleCommand) Run() error { return printSettings(fullSettings()) }

func printSettings(s library.Settings) error {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(s)
}

type libraryChangeCommand struct {
	database
	Slug     string `arg:"" help:"The library's slug."`
	Settings string `required:"" help:"A JSON file with all settings, as show prints them." type:"existingfile"`
}

// Run replaces the library's settings. A running service takes them up within seconds.
func (c libraryChangeCommand) Run(ctx context.Context) error {
	var settings library.Settings
	if err := readSettings(c.Settings, &settings); err != nil {
		return err
	}
	pool, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	lib, err := contacts.NewLibraries(pool, time.Now).BySlug(ctx, c.Slug)
	if err != nil {
		return err
	}
	if err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return contacts.ChangeSettings(ctx, tx, lib.ID, settings) }); err != nil {
		return err
	}
	fmt.Println("The settings are changed.")
	return nil
}

// readSettings reads the file over what the settings are. It refuses what it does not know: a misspelt setting would be lost without a word.
func readSettings(name string, settings *library.Settings) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(settings); err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	return nil
}
