package runner

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"librarian/bots/files"
	"librarian/contacts/library"
	"librarian/contacts/papers"
)

// examplesEvery is how often libraries and languages are looked for that have no example pictures yet.
const examplesEvery = time.Minute

// drawExamples keeps, for each library and each of its languages, the pictures of how a photo of a paper should look. A turn only names them.
func (r *Runner) drawExamples(ctx context.Context) error {
	if r.DrawExample == nil {
		return nil
	}
	tick := time.NewTicker(examplesEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := r.completeExamples(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("examples of papers are not drawn", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return nil
}

func (r *Runner) completeExamples(ctx context.Context) error {
	libraries, err := r.Libraries.All(ctx)
	if err != nil {
		return err
	}
	kept, err := papers.KeptExamples(ctx, r.Pool)
	if err != nil {
		return err
	}
	r.examples.Store(&kept)
	for _, example := range papers.Examples() {
		var picture []byte
		for _, lib := range libraries {
			for _, lang := range lib.Offered() {
				of := papers.ExampleOf{Library: lib.ID, Lang: lang, Example: example}
				if kept[of] != "" {
					continue
				}
				if picture == nil {
					if picture, err = r.DrawExample(example); err != nil {
						return err
					}
				}
				if err := r.keepExample(ctx, of, picture); err != nil {
					return err
				}
			}
		}
	}
	all, err := papers.KeptExamples(ctx, r.Pool)
	if err != nil {
		return err
	}
	r.examples.Store(&all) // what was stored before is being read, and not changed
	return nil
}

// keepExample names the picture by what it shows: it is what a reader hears who cannot see it.
func (r *Runner) keepExample(ctx context.Context, of papers.ExampleOf, picture []byte) error {
	name := r.Texts.Words(of.Lang, library.Words{Key: exampleNames()[of.Example]}) + ".png"
	file, err := r.Store.Put(ctx, of.Library, bytes.NewReader(picture), files.Meta{Name: name}, int64(len(picture)))
	if err != nil {
		return fmt.Errorf("keep example %s of library %d: %w", of.Example, of.Library, err)
	}
	return pgx.BeginFunc(ctx, r.Pool, func(tx pgx.Tx) error { return papers.KeepExample(ctx, tx, of, file.ID) })
}

// exampleNames are what the pictures show, in words.
func exampleNames() map[papers.Example]string {
	return map[papers.Example]string{
		papers.ExampleWhole: "papers_example.whole", papers.ExampleCloser: "papers_example.closer", papers.ExampleLight: "papers_example.light",
		papers.ExampleSharp: "papers_example.sharp", papers.ExampleSigned: "papers_example.signed", papers.ExampleCode: "papers_example.code",
		papers.ExampleOurs: "papers_example.ours", papers.ExamplePhoto: "papers_example.photo",
	}
}

// exampleFile is the picture that the turn's reader is shown; none before it is drawn: the words say what to do too.
func (r *Runner) exampleFile(t *turn, example string) []string {
	kept := r.examples.Load()
	if example == "" || kept == nil {
		return nil
	}
	file := (*kept)[papers.ExampleOf{Library: t.libID, Lang: t.lang, Example: papers.Example(example)}]
	if file == "" {
		return nil
	}
	return []string{string(file)}
}
