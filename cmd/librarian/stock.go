package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"librarian/contacts"
	"librarian/queue/stock"
)

type stockCommand struct {
	Import stockImportCommand `cmd:"" help:"Take the records of another catalogue over. The same file again changes nothing; nothing is ever removed."`
	Find   stockFindCommand   `cmd:"" help:"Search the catalogue as readers do."`
}

type stockImportCommand struct {
	database
	Library string `required:"" help:"The library's slug."`
	File    string `arg:"" help:"MARCXML, or CSV whose first row names its columns." type:"existingfile"`
	Format  string `enum:"auto,marcxml,csv" default:"auto" help:"marcxml or csv; otherwise the file's name tells."`
	Layout  string `enum:"auto,marc21,rusmarc" default:"auto" help:"Of MARCXML: marc21, or rusmarc for UNIMARC too; otherwise each record's title field tells."`
	Copies  string `help:"Letters of the subfields with siglum, fund and inventory number in 852 (marc21: cbp) or 899 (rusmarc: abp)." placeholder:"ABC"`
}

var errCopies = errors.New("--copies: three letters or digits, such as abp")

// refusalsShown is how many refused records are told one by one.
const refusalsShown = 1000

// Run imports the file, tells each record that was refused, and prints how many were added, changed, unchanged and refused.
func (c stockImportCommand) Run(ctx context.Context) error {
	if c.Copies != "" && (len(c.Copies) != 3 || strings.Trim(c.Copies, "abcdefghijklmnopqrstuvwxyz0123456789") != "") {
		return errCopies
	}
	pool, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	lib, err := contacts.NewLibraries(pool, time.Now).BySlug(ctx, c.Library)
	if err != nil {
		return err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open the file: %w", err)
	}
	defer file.Close()
	records, err := c.records(file)
	if err != nil {
		return err
	}
	shown := 0
	sum, err := stock.New(pool).Import(ctx, lib.ID, records, func(r *stock.Refusal) {
		if shown++; shown <= refusalsShown {
			fmt.Fprintln(os.Stderr, "refused", r)
		}
	})
	fmt.Printf("added %d, changed %d, unchanged %d, refused %d\n", sum.Added, sum.Changed, sum.Unchanged, sum.Refused)
	return err
}

// records reads the file in its format.
func (c stockImportCommand) records(file io.Reader) (iter.Seq2[stock.Record, error], error) {
	format := c.Format
	if format == "auto" {
		format = "marcxml"
		if slices.Contains([]string{".csv", ".tsv", ".txt"}, strings.ToLower(filepath.Ext(c.File))) {
			format = "csv"
		}
	}
	if format == "marcxml" {
		return stock.MARCXML(file, stock.Layout(strings.TrimPrefix(c.Layout, "auto")), stock.CopyFields(c.Copies))
	}
	records, unknown, err := stock.CSV(file)
	if len(unknown) > 0 {
		fmt.Fprintf(os.Stderr, "columns that are not taken over: %s\n", strings.Join(unknown, ", "))
	}
	return records, err
}

type stockFindCommand struct {
	database
	Library string   `required:"" help:"The library's slug."`
	Limit   int      `default:"10" help:"How many to print at most."`
	Words   []string `arg:"" help:"Words of author and title, an ISBN, or an inventory number."`
}

// Run prints what is found, the likeliest first, with its copies.
func (c stockFindCommand) Run(ctx context.Context) error {
	pool, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	lib, err := contacts.NewLibraries(pool, time.Now).BySlug(ctx, c.Library)
	if err != nil {
		return err
	}
	found, err := stock.New(pool).Search(ctx, lib.ID, strings.Join(c.Words, " "), c.Limit)
	if err != nil {
		return err
	}
	for _, e := range found {
		fmt.Printf("%d  %s\n", e.ID, e.Description)
		for _, copy := range e.Copies {
			fmt.Printf("    %s  %s  %s  %s\n", copy.Siglum, copy.Fund, copy.Inventory, copy.State)
		}
	}
	return nil
}
