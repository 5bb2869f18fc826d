package flows

import "testing"

// TestOrderThatIsNamed: a number names an order where it is said to be one; in a caption it is a page's mostly, and pages must not go to another reader's order.
func TestOrderThatIsNamed(t *testing.T) {
	t.Parallel()
	r := &Reader{Slips: []int64{2, 12, 14}}
	for text, want := range map[string]int64{
		"№ 14": 14, "№14": 14, "к № 14, стр. 12": 14, "заказ 14": 14, "Заказ № 14": 14, "к заказу 14": 14, "замовлення 14": 14, "№ 14 сакаас": 14, "Order no. 14": 14, "order 14": 14,
		"#14": 14, "14": 14, " 14 ": 14, "14-KQ7XMDHW": 14, "код 14-kq7xmdhw": 14, "Лист заказа 14.pdf": 14,
		"Заказ № 14\nПолярная звезда, № 12\nСтраницы: 2": 14, "Приняты 2 страницы к заказу № 14. Можно прислать ещё.": 14,
		"стр. 12": 0, "12-14": 0, "страницы 12 и 14": 0, "2 страницы": 0, "page 12": 0, "с. 12 – 14": 0, "1912": 0, "№ 15": 0, "": 0, "Открыты заказы: 2, 12, 14": 0,
	} {
		if got, named := r.slipOf(text); got != want || named != (want != 0) {
			t.Errorf("%q names %d, %v, want %d", text, got, named, want)
		}
	}
	alone := &Reader{Slips: []int64{12}}
	if got, named := alone.slipOf("стр. 14"); got != 12 || named {
		t.Errorf("the only order: %d, %v", got, named)
	}
}
