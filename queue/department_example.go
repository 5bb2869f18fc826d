package queue

import (
	"context"

	"github.com/jackc/pgx/v5"

	"librarian/contacts/library"
)

// exampleDepartment is one of the source's, with what it holds.
type exampleDepartment struct {
	ru, uk, en string
	purposes   []Purpose
	holds      [][2]string // siglum, fund
}

// exampleDepartments is the source's table (F2, F3, F7): КХ of the main fund and КХ2; КМ, КМП, СБ; КХ of the local-history fund and the subsidiary fund of
// ОНКФ.
func exampleDepartments() []exampleDepartment {
	return []exampleDepartment{
		{
			"Отдел хранения документов", "Відділ зберігання документів", "Document storage",
			[]Purpose{ForFragment},
			[][2]string{{"КХ", "основной фонд"}, {"КХ2", ""}},
		},
		{
			"Фонд «Сандалы-Бичик»", "Фонд «Сандали-Бічік»", "“Sandaly-Bichik” fund",
			[]Purpose{ForFragment},
			[][2]string{{"КМ", ""}, {"КМП", ""}, {"СБ", ""}},
		},
		{
			"Отдел национально-краеведческих фондов", "Відділ національно-краєзнавчих фондів", "Local-history funds",
			[]Purpose{ForFragment},
			[][2]string{{"КХ", "краеведческий фонд"}, {"КХ", "подсобный фонд ОНКФ"}, {"ОНКФ", ""}},
		},
		{"Отдел периодических изданий", "Відділ періодичних видань", "Periodicals", []Purpose{ForArticle}, nil},
		{"Библиографический отдел", "Бібліографічний відділ", "Bibliography", []Purpose{ForBibliographic}, nil},
		{"Отдел региональной библиографии", "Відділ регіональної бібліографії", "Regional bibliography", []Purpose{ForRegional}, nil},
		{"Отдел формирования контента", "Відділ формування контенту", "Content", []Purpose{ForContent, ForTechnical}, nil},
		{"Лаборатория оцифровки документов", "Лабораторія оцифрування документів", "Digitisation", []Purpose{ForDigitisation}, nil},
		{"Центр комплексного обслуживания", "Центр комплексного обслуговування", "Service centre", []Purpose{ForTechnical}, nil},
	}
}

// AddExampleDepartments gives a library that has none the departments and sigla of the source, for its heads to change.
func AddExampleDepartments(ctx context.Context, tx pgx.Tx, by Staff, lib library.ID) error {
	var sigla []Siglum
	for _, e := range exampleDepartments() {
		id, err := AddDepartment(ctx, tx, by, Department{
			Library: lib, Name: map[library.Lang]string{library.Russian: e.ru, library.Ukrainian: e.uk, library.English: e.en}, Purposes: e.purposes,
		})
		if err != nil {
			return err
		}
		for _, h := range e.holds {
			sigla = append(sigla, Siglum{Siglum: h[0], Fund: h[1], Department: id})
		}
	}
	return SetSigla(ctx, tx, by, lib, nil, sigla)
}
