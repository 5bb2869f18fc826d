package main

import (
	"time"

	"librarian/contacts/library"
	"librarian/queue"
	"librarian/queue/web"
)

// The sample library.
const (
	demoSlug = "demo"
	demoZone = "Asia/Yakutsk"
	demoLang = library.Russian
)

// demoSettings are those of a library that answers on every day, so that a newcomer finds it open at most hours.
func demoSettings() library.Settings {
	var hours library.Hours
	for day := range hours.Week {
		hours.Week[day] = []library.Span{{From: 9 * 60, Until: 13 * 60}, {From: 14 * 60, Until: 19 * 60}}
	}
	hours.Week[time.Saturday] = []library.Span{{From: 10 * 60, Until: 17 * 60}}
	hours.Week[time.Sunday] = nil
	return library.Settings{
		Name: map[library.Lang]string{
			library.Russian: "Библиотека-образец", library.Sakha: "Холобур библиотека",
			library.Ukrainian: "Бібліотека-зразок", library.English: "The Sample Library",
		},
		Record: library.Russian, Phone: "+7 4112 00-00-00", Address: "677000, Якутск, ул. Примерная, 1", Email: demoAddress(demoSlug), Site: "https://library.example", Hours: hours,
		Registration: library.Registration{
			ConsentPhoto: true, Series: true,
			Consent: library.Consent{Version: "2026-1", Text: map[library.Lang]string{
				library.Russian:   "Я разрешаю библиотеке хранить и использовать моё имя, дату рождения и адрес для связи, чтобы записать меня и обслуживать. Данные никому не передаются. Согласие можно отозвать в любое время.",
				library.Sakha:     "Библиотека мин ааппын, төрөөбүт күммүн уонна алтыһар аадырыспын суруйарга уонна өҥөтүн оҥорорго харайарын көҥүллүүбүн. Дааннайдар ким даҕаны илиитигэр бэриллибэттэр. Сөбүлэһиини хаһан баҕарар төннөрүөххэ сөп.",
				library.Ukrainian: "Я дозволяю бібліотеці зберігати та використовувати моє ім'я, дату народження й адресу для зв'язку, щоб записати мене та обслуговувати. Дані нікому не передаються. Згоду можна відкликати будь-коли.",
				library.English:   "I allow the library to keep and use my name, date of birth and contact address in order to register and serve me. The data are given to nobody else. I can withdraw this consent at any time.",
			}},
		},
		Promise: map[string]library.Promise{
			queue.KindQuestion: {Minutes: 2 * 60}, queue.KindRegistration: {Minutes: 4 * 60}, queue.KindCard: {Minutes: 4 * 60},
			"fragment": {Minutes: 16 * 60}, "article": {Minutes: 16 * 60}, "query": {Minutes: 24 * 60},
		},
		Policy: library.ExamplePolicy(),
		Region: "RU",
	}
}

// demoPlaces are the departments of the sample accounts, by login.
func demoPlaces() map[string]string {
	return map[string]string{
		"storage": "Отдел хранения документов", "head": "Отдел хранения документов", "digitiser": "Лаборатория оцифровки документов",
		"biblio":      "Библиографический отдел",
		"full-biblio": library.ExampleNewcomer().Department,
	}
}

// demoOffers are the sample accounts, one for each role.
func demoOffers() []web.Offer {
	return []web.Offer{
		{Login: "librarian", Name: "Айталина Васильева", Role: queue.RoleLibrarian},
		{Login: "librarian2", Name: "Пётр Николаев", Role: queue.RoleLibrarian},
		{Login: "registrar", Name: "Мария Егорова", Role: queue.RoleRegistrar},
		{Login: "director", Name: "Анна Романова", Role: queue.RoleDirector},
		{Login: "operator", Name: "Ньургун Попов", Role: queue.RoleOperator},
		{Login: "control", Name: "Ирина Коваль", Role: queue.RoleControl},
		{Login: "storage", Name: "Семён Иванов", Role: queue.RoleDepartment},
		{Login: "biblio", Name: "Галина Мельник", Role: queue.RoleDepartment},
		{Login: "head", Name: "Ольга Слепцова", Role: queue.RoleHead},
		{Login: "digitiser", Name: "Кирилл Захаров", Role: queue.RoleDigitiser},
		{Login: "centre", Name: "Варвара Андреева", Role: queue.RoleCentre},
		{Login: "methodist", Name: "Елена Гринько", Role: queue.RoleMethodist},
		{Login: "gate", Name: "Дмитрий Фёдоров", Role: queue.RoleGate},
		{Login: "auditor", Name: "Татьяна Ким", Role: queue.RoleAuditor},
	}
}

// The sample library that registers in full: with a library's own questions, its rules, and papers to sign.
const fullSlug = "full"

func fullSettings() library.Settings {
	s := demoSettings()
	s.Name = map[library.Lang]string{
		library.Russian: "Научная библиотека-образец", library.Sakha: "Холобур научнай библиотека",
		library.Ukrainian: "Наукова бібліотека-зразок", library.English: "The Sample Research Library",
	}
	s.Email = demoAddress(fullSlug)
	r := &s.Registration
	r.Full, r.Surety, r.ConsentPhoto = true, true, false
	r.Fields, r.Eligibility = library.ExampleFields(), library.ExampleEligibility()
	r.Rules = library.Rules{Version: "2026-1", Text: map[library.Lang]string{
		library.Russian:   "Книги берегут и возвращают в срок. О смене адреса и фамилии сообщают библиотеке. Билет другому не передают.",
		library.Sakha:     "Кинигэни харыстыыллар уонна болдьоҕор төттөрү биэрэллэр. Аадырыс эбэтэр араспаанньа уларыйдаҕына библиотекаҕа этэллэр. Билиэти атын киһиэхэ биэрбэттэр.",
		library.Ukrainian: "Книги бережуть і повертають вчасно. Про зміну адреси та прізвища повідомляють бібліотеку. Квиток іншому не передають.",
		library.English:   "Books are kept with care and returned in time. A new address or surname is told to the library. The card is given to nobody else.",
	}}
	r.Newcomer = library.ExampleNewcomer()
	return s
}

func fullOffers() []web.Offer {
	return []web.Offer{
		{Login: "full-librarian", Name: "Сардана Прокопьева", Role: queue.RoleLibrarian},
		{Login: "full-registrar", Name: "Игорь Лысенко", Role: queue.RoleRegistrar},
		{Login: "full-biblio", Name: "Нюргуяна Степанова", Role: queue.RoleDepartment},
		{Login: "full-director", Name: "Марфа Тимофеева", Role: queue.RoleDirector},
	}
}

// allOffers are the accounts of both.
func allOffers() []web.Offer { return append(demoOffers(), fullOffers()...) }
