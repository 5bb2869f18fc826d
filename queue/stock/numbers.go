package stock

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// contest is about inventory numbers that more than one record wants.
type contest struct {
	*batch
	claims map[string][]string // the contested numbers that each of those that are to be stored claims, by its source
	holder map[string]string   // of a contested number, in the catalogue; none: it is new
	stays  map[string]bool     // records that are refused: they keep what they hold
	keeps  map[string][]string // all numbers that a holder in this batch claims
}

const selectContested = `select s.key, s.source, '' as holder from staged_copies s join staged_copies o on o.key = s.key and o.source <> s.source
union select s.key, s.source, e.source from staged_copies s join copies c on c.library_id = $1 and c.key = s.key join editions e on e.library_id = $1 and e.id = c.edition_id
  and e.source <> s.source
order by 1, 2, 3`

// selectGiven are numbers that changed records had and do not claim now.
const selectGiven = `select c.key, e.source from staged s join editions e on e.library_id = $1 and e.source = s.source join copies c on c.library_id = $1 and c.edition_id = e.id
where not exists (select from staged_copies o where o.key = c.key)`

// withoutForeign takes those records out that claim a number of another: of one in the catalogue that has not given it up, in this batch or before it in this
// import, or of one before it in the file.
func (b *batch) withoutForeign(ctx context.Context) error {
	c := contest{batch: b, claims: map[string][]string{}, holder: map[string]string{}, stays: map[string]bool{}, keeps: map[string][]string{}}
	rows, err := b.tx.Query(ctx, selectContested, b.lib)
	if err != nil {
		return fmt.Errorf("look for inventory numbers of others: %w", err)
	}
	var key, source, holder string
	if _, err := pgx.ForEachRow(rows, []any{&key, &source, &holder}, func() error {
		if !slices.Contains(c.claims[source], key) {
			c.claims[source] = append(c.claims[source], key)
		}
		if holder != "" {
			c.holder[key] = holder
		}
		return nil
	}); err != nil {
		return fmt.Errorf("look for inventory numbers of others: %w", err)
	}
	if len(c.claims) == 0 {
		return nil
	}
	for i := range b.records {
		c.keeps[b.records[i].Source] = b.records[i].copyKeys()
	}
	return b.leaveOut(ctx, c.losers())
}

// losers are the sources of those that cannot have what they claim. A record that is refused gives up nothing, so others are asked again.
func (c *contest) losers() []string {
	for {
		out := c.round()
		known := len(c.stays)
		for _, source := range out {
			c.stays[source] = true
		}
		if len(c.stays) == known {
			return out
		}
	}
}

// round gives each number to the first that may have it.
func (c *contest) round() (out []string) {
	taken := map[string]bool{}
	for _, i := range c.fresh {
		source := c.records[i].Source
		mine := c.claims[source]
		if slices.ContainsFunc(mine, func(key string) bool { return taken[key] || c.held(key, source) }) {
			out = append(out, source)
			continue
		}
		for _, key := range mine {
			taken[key] = true
		}
	}
	return out
}

// held reports a number that another record has in the catalogue and keeps.
func (c *contest) held(key, source string) bool {
	holder, known := c.holder[key]
	if !known || holder == source || c.given[key] == holder {
		return false
	}
	keys, here := c.keeps[holder]
	return !here || c.stays[holder] || slices.Contains(keys, key)
}

// giveUp notes what changed records have given up, for those that come later in this import.
func (b *batch) giveUp(ctx context.Context) error {
	if b.changed == 0 {
		return nil
	}
	rows, err := b.tx.Query(ctx, selectGiven, b.lib)
	if err != nil {
		return fmt.Errorf("look for inventory numbers that were given up: %w", err)
	}
	var key, source string
	b.left = map[string]string{}
	if _, err := pgx.ForEachRow(rows, []any{&key, &source}, func() error {
		b.left[key] = source
		return nil
	}); err != nil {
		return fmt.Errorf("look for inventory numbers that were given up: %w", err)
	}
	return nil
}

// leaveOut takes the records of the sources out of what is to be stored.
func (b *batch) leaveOut(ctx context.Context, sources []string) error {
	if len(sources) == 0 {
		return nil
	}
	for _, i := range b.fresh {
		if slices.Contains(sources, b.records[i].Source) {
			b.refused = append(b.refused, b.records[i])
		}
	}
	if _, err := b.tx.Exec(ctx, `with gone as (delete from staged_copies where source = any($1)) delete from staged where source = any($1)`, sources); err != nil {
		return fmt.Errorf("leave out records that claim inventory numbers of others: %w", err)
	}
	return nil
}
