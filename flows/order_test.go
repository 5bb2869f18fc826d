package flows

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

func TestCutPages(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"Пушкин, Капитанская дочка, с. 12-20":            {"Пушкин, Капитанская дочка", "12–20"},
		"с. 12–20, 33 Пушкин, Капитанская дочка":         {"Пушкин, Капитанская дочка", "12–20, 33"},
		"Капитанская дочка стр 5":                        {"Капитанская дочка", "5"},
		"Капитанская дочка (стр. 5, 7-9)":                {"Капитанская дочка", "5, 7–9"},
		"Капитанская дочка с 12 по 20":                   {"Капитанская дочка", "12–20"},
		"Капитанская дочка, 12-20 стр., издание 1975 г.": {"Капитанская дочка, издание 1975 г.", "12–20"},
		"The Hobbit, pp. 3–7, 1998":                      {"The Hobbit, 1998", "3–7"},
		"The Hobbit pages 3 to 7":                        {"The Hobbit", "3–7"},
		"Олоҥхо, 12–20 сирэйдэр":                         {"Олоҥхо", "12–20"},
		"Кобзар, стор. 7":                                {"Кобзар", "7"},
		// No pages.
		"Петров С. 12 рассказов":   {"Петров С. 12 рассказов", ""},
		"Повесть с 3 рисунками":    {"Повесть с 3 рисунками", ""},
		"Для детей с 5 до 7 лет":   {"Для детей с 5 до 7 лет", ""},
		"Двенадцать стульев, 1928": {"Двенадцать стульев, 1928", ""},
		"1941-1945: хроника":       {"1941-1945: хроника", ""},
		"Капитанская дочка, с. 0":  {"Капитанская дочка, с. 0", ""},
		"с. 12-20": {"с. 12-20", ""}, // of which book?
		"":         {"", ""},
	} {
		if rest, pages := cutPages(text); rest != want[0] || pages != want[1] {
			t.Errorf("%q: %q and %q, want %q", text, rest, pages, want)
		}
	}
}

func TestLooksLikePages(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"12-": true, "с. 0": true, "20 страниц": true, "pages 0 to 5": true, "20 сирэй": true, "1-5000": true, "12 та 0": true,
		"глава 3": false, "VII": false, "с. VII": false, "предисловие": false, "статья": false, "post": false, "стрела": false,
	} {
		if looksLikePages(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestReadArticle(t *testing.T) {
	t.Parallel()
	texts, _ := conversations(t)
	issue := func(periodical, year, number, pages, article string) Vars {
		all := Vars{varPeriodical: periodical, varYear: year, varNumber: number, varPages: pages, varArticle: article}
		maps.DeleteFunc(all, func(_, v string) bool { return v == "" })
		return all
	}
	for text, want := range map[string]Vars{
		"Полярная звезда, 1998, № 3, с. 12-18":                          issue("Полярная звезда", "1998", "3", "12–18", ""),
		"полярная звезда 1998 №3":                                       issue("полярная звезда", "1998", "3", "", ""),
		"Полярная звезда №3/1998":                                       issue("Полярная звезда", "1998", "3", "", ""),
		"Полярная звезда, № 3-4 за 1998 год":                            issue("Полярная звезда", "1998", "3-4", "", ""),
		"Полярная звезда, 1998 г., номер 3, стр. 12":                    issue("Полярная звезда", "1998", "3", "12", ""),
		"Иванов И. Снег // Полярная звезда. – 1998. – № 3. – С. 12–18.": issue("Полярная звезда", "1998", "3", "12–18", "Иванов И. Снег"),
		"Полярная звезда. 1998. № 3. С. 12-18":                          issue("Полярная звезда", "1998", "3", "12–18", ""),
		"Полярная звезда, 1998, № 3, А. С. Иванов, Снег":                issue("Полярная звезда", "1998", "3", "", "А. С. Иванов, Снег"),
		"Кыым, 5 марта 1998":                                            issue("Кыым", "1998", "5 марта", "", ""),
		"Кыым, 05.03.1998, письмо":                                      issue("Кыым", "1998", "05.03", "", "письмо"),
		"Чолбон, 1998 с., 3 №":                                          issue("Чолбон", "1998", "3", "", ""),
		"Всесвіт, 1998 рік, випуск 3, стор. 5":                          issue("Всесвіт", "1998", "3", "5", ""),
		"Nature, 1998, no. 12, pp. 3-7":                                 issue("Nature", "1998", "12", "3–7", ""),
		"Nature":                                                        issue("Nature", "", "", "", ""),
		"№ 3, 1998":                                                     issue("", "1998", "3", "", ""),
	} {
		v, r, out := Vars{}, reader(), Turn{}
		r.words = texts
		v.readArticle(r, text, &out)
		delete(v, varWords)
		if !maps.Equal(v, want) {
			t.Errorf("%q: %q, want %q", text, v, want)
		}
	}
}

// TestNewsOfOrdersWithoutTheirFields: what a later version of the library says less of is news all the same; a moment that is none is an error.
func TestNewsOfOrdersWithoutTheirFields(t *testing.T) {
	t.Parallel()
	texts, set := conversations(t)
	for _, kind := range []string{NewsOrderSent, NewsOrderRefused, NewsOrderQuestion, NewsOrderCancelled, NewsOrderAgain, NewsOrderLink} {
		out, err := set.Advance(State{}, reader(), Input{Kind: Notice, News: News{Kind: kind}})
		if err != nil || len(out.Say) != 1 || len(out.Say[0].Choices) == 0 {
			t.Fatalf("%s: %+v, %v", kind, out.Say, err)
		}
		for _, l := range out.Say[0].Lines {
			if _, err := texts.Render("ru", l.Key, l.Fields); err != nil {
				t.Error(err)
			}
		}
	}
	for _, news := range []News{
		{Kind: NewsOrderLate}, {Kind: NewsOrderLate, Fields: map[string]string{"due": "soon"}}, {Kind: "order.unheard"},
	} {
		if _, err := set.Advance(State{}, reader(), Input{Kind: Notice, News: news}); err == nil {
			t.Errorf("%+v was accepted", news)
		}
	}
}

// placingWords is an order as scripts write it.
func placingWords(a PlaceOrder) string {
	said := fmt.Sprintf("order %s for %d: %s; %s", a.Kind, a.Reader, a.Title, a.Pages)
	if a.Count > 0 {
		said += fmt.Sprintf(" (%d)", a.Count)
	}
	said += "; " + a.Want
	if a.Book != 0 {
		said += fmt.Sprintf("; book %d", a.Book)
	}
	if a.Permit {
		said += "; with permission"
	}
	if len(a.Files) > 0 {
		said += fmt.Sprintf("; files: %d", len(a.Files))
	}
	return said
}

// addingWords is what is said of an order, as scripts write it.
func addingWords(what string, order int64, text string, files []string) string {
	said := fmt.Sprintf("%s order %d: %s", what, order, cmp.Or(text, "no words"))
	if len(files) > 0 {
		said += fmt.Sprintf("; files: %d", len(files))
	}
	return said
}

// orderAnswers are what may come of the asks about orders, as scripts write it.
func orderAnswers(r *Reader) map[string]Answer {
	out := map[string]Answer{
		"no books":                  BooksFound{},
		"one book":                  BooksFound{Books: sixBooks()[:1]},
		"two alike":                 BooksFound{Books: twoAlike()},
		"six books":                 BooksFound{Books: sixBooks()},
		"an issue":                  BooksFound{Books: []Book{{ID: 81, Line: "Полярная звезда : журнал. – Якутск, 1998. – № 3. – 128 с.", Short: "Полярная звезда, 1998, № 3", Pages: 128, Issue: true}}},
		"a long name":               BooksFound{Books: []Book{{ID: 90, Line: strings.Repeat("Длинное заглавие ", 60), Short: strings.Repeat("Длинное заглавие ", 9)}}},
		"placed":                    OrderPlaced{Order: 12, Code: "Ф-12", Due: r.Library.Due(r.Now, 8*time.Hour)},
		"up to 5 pages":             OrderPlaced{Verdict: VerdictUpTo, UpTo: 5, Limit: 48, Used: 43},
		"permission":                OrderPlaced{Verdict: VerdictPermission, Limit: 48, Used: 48},
		"permission, up to 5 pages": OrderPlaced{Verdict: VerdictPermission, UpTo: 5, Limit: 48, Used: 43},
		"used up":                   OrderPlaced{Verdict: VerdictUsedUp, Limit: 48, Used: 48},
		"not allowed":               OrderPlaced{Verdict: VerdictNotAllowed},
		"the same again":            OrderPlaced{Verdict: VerdictAgain, Code: "Ф-12"},
		"too many orders":           OrderPlaced{Verdict: VerdictTooMany},
		"a newer verdict":           OrderPlaced{Verdict: "newer"},
		"no orders":                 OrdersShown{},
		"order added to":            OrderChanged{OK: true, Order: anOrder(r, "asked"), Due: r.Library.Due(r.Now, 8*time.Hour)},
		"the file":                  OrderFetched{Order: anOrder(r, "sent"), Files: []string{"order-12.pdf"}},
		"a link":                    OrderFetched{Order: anOrder(r, "sent"), Secret: "18", Days: 14, Views: 5},
		"pages in the making":       OrderFetched{Order: anOrder(r, "came")},
		"nobody's order":            OrderFetched{},
		"pages not kept":            OrderFetched{Order: anOrder(r, "sent")},
		"order changed":             OrderChanged{OK: true, Order: anOrder(r, "cancelled")},
		"too late for the order":    OrderChanged{Order: anOrder(r, "sent")},
	}
	var all []Order
	for _, state := range []string{"new", "asked", "came", "waiting", "sent", "refused", "cancelled"} {
		o := anOrder(r, state)
		out["order "+state] = OrdersShown{Orders: []Order{o}}
		o.ID, o.Code = o.ID+int64(len(all)), fmt.Sprintf("Ф-%d", 12+len(all))
		all = append(all, o)
	}
	late, fragile, forbidden, otherwise := anOrder(r, "asked"), anOrder(r, "refused"), anOrder(r, "refused"), anOrder(r, "refused")
	late.Due = r.Now.Add(-time.Hour)
	fragile.Reason, forbidden.Reason, otherwise.Reason = "fragile", "forbidden", "other"
	all[1].Reader, all[1].Kind, all[1].Title, all[1].Pages = 2, KindArticle, "Полярная звезда, 1998, № 3", "Снег"
	hoped := late
	hoped.Hoped = r.Now.Add(24 * time.Hour)
	out["order late, hoped for"] = OrdersShown{Orders: []Order{hoped}}
	out["order late"], out["order fragile"] = OrdersShown{Orders: []Order{late}}, OrdersShown{Orders: []Order{fragile}}
	out["order forbidden"], out["order refused otherwise"] = OrdersShown{Orders: []Order{forbidden}}, OrdersShown{Orders: []Order{otherwise}}
	out["all orders"] = OrdersShown{Orders: all}
	return out
}

func sixBooks() []Book {
	out := []Book{{
		ID: 71, Line: "Пушкин, А. С. Капитанская дочка : роман. – Москва : Детская литература, 1975. – 160 с.", Short: "Пушкин. Капитанская дочка, 1975", Pages: 160,
	}}
	for i, year := range []int{1950, 1964, 1978, 1984, 2001} {
		out = append(out, Book{
			ID: int64(72 + i), Line: fmt.Sprintf("Пушкин, А. С. Капитанская дочка. – Москва, %d.", year), Short: fmt.Sprintf("Пушкин. Капитанская дочка, %d", year), Free: true,
		})
	}
	return out
}

// twoAlike are editions of one year.
func twoAlike() []Book {
	out := append(sixBooks()[:1], sixBooks()[0])
	out[1].ID, out[1].Line, out[1].Pages = 79, "Пушкин, А. С. Капитанская дочка : роман. – Ленинград : Наука, 1975. – 286 с.", 286
	return out
}

// anOrder is one in the state.
func anOrder(r *Reader, state string) Order {
	o := Order{
		ID: 12, Code: "Ф-12", Kind: KindFragment, Title: sixBooks()[0].Line, Pages: "12–20", State: state, Reader: 1,
		Created: r.Now.Add(-time.Hour), Due: r.Library.Due(r.Now, 8*time.Hour),
	}
	switch state {
	case "new", "asked":
		o.Open = true
	case "waiting":
		o.Open, o.Words = true, "Какое издание вам нужно?"
	case "sent":
		o.Sent, o.Files = r.Now.Add(-24*time.Hour), []string{"order-12.pdf"}
	case "refused":
		o.Reason, o.Words = "not_found", "Искали и в хранении."
	}
	return o
}

// orderNews fills in what becomes of an order.
func (p *player) orderNews(news *News, what, rest string) {
	news.Kind, news.Reader = "order."+what, 1
	news.Fields = map[string]string{"order": "12", "code": "Ф-12", "title": "Пушкин, А. С. Капитанская дочка", "pages": "12–20", "kind": KindFragment}
	switch news.Kind {
	case NewsOrderSent:
		news.Files = []string{"order-12.pdf"}
	case NewsOrderRefused:
		news.Fields["reason"], news.Fields["words"], _ = strings.Cut(rest, " ")
	case NewsOrderQuestion:
		news.Fields["words"] = rest
		p.reader.Awaited = 12
	case NewsOrderCancelled:
		news.Fields["words"] = rest
	case NewsOrderLate, NewsOrderAgain:
		news.Fields["due"] = p.reader.Library.Due(p.reader.Now, 16*time.Hour).Format(time.RFC3339)
	case NewsOrderLink:
		news.Secret, news.Fields["days"], news.Fields["views"] = "18", "14", "5"
	default:
		p.fatal("no news of an order %q", what)
	}
}
