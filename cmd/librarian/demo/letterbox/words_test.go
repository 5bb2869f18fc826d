package letterbox

import (
	"reflect"
	"testing"
)

func TestEveryLanguageHasEveryWord(t *testing.T) {
	t.Parallel()
	p, err := readPages()
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range p.spoken {
		v := reflect.ValueOf(words)
		for i := range v.NumField() {
			if v.Field(i).String() == "" {
				t.Errorf("%s: %s is missing", words.Lang, v.Type().Field(i).Name)
			}
		}
	}
}
