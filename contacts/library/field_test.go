package library

import "testing"

// TestAnswersKeepTheirWords holds that an answer is read as it was given, whatever became of the question since.
func TestAnswersKeepTheirWords(t *testing.T) {
	t.Parallel()
	label := func(text string) map[Lang]string { return map[Lang]string{English: text} }
	own := Field{Key: "own", Ask: label("Whence?"), Label: label("Source"), Choices: []Choice{{"a", label("Friends")}}, Gone: []Choice{{"b", label("A poster")}}}
	once := Field{Key: "own", Gone: own.Gone}
	category, _ := ShippedField("category")
	category.Choices = category.Choices[1:]
	for _, c := range []struct {
		field  Field
		answer string
		want   []string
	}{
		{own, "a b", []string{"Friends", "A poster"}},
		{own, "b other:a neighbour", []string{"A poster", "a neighbour"}},
		{own, "from the newspaper", []string{"from the newspaper"}}, // given before there was a list
		{once, "b", []string{"A poster"}},
		{once, "at a fair", []string{"at a fair"}},
		{category, "worker", []string{"field.category_worker"}},
		{Field{Key: "year", Choices: choices("1", "2")}, "7", []string{"7"}},
		{Field{Key: "profession"}, "ask", []string{"ask"}},
		{Field{Key: "profession"}, "among other: teacher", []string{"among other: teacher"}},
		{own, "", nil},
	} {
		said := c.field.Say(c.answer)
		if len(said) != len(c.want) {
			t.Errorf("%q: %+v", c.answer, said)
			continue
		}
		for i, w := range said {
			if w.Key+w.In(English) != c.want[i] {
				t.Errorf("%q: %+v", c.answer, said)
			}
		}
	}
	r := Registration{Fields: []Field{own}, Off: []Field{{Key: "school", Label: label("Lyceum")}}}
	for key, want := range map[string]bool{"own": true, "school": true, "class": true, "nothing": false} {
		if f, known := r.Known(key); known != want || known && f.Key != key {
			t.Errorf("%s: %+v, %v", key, f, known)
		}
	}
}
