package library

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// ExampleFields are the questions of a full registration as a regional library asks them (R3): documents, residence, education, category, what belongs
// to the category, phone, address.
func ExampleFields() []Field {
	of := func(categories ...string) When { return When{Key: "category", Is: categories} }
	return []Field{
		{Key: KeyDocument, Required: true, Several: true, Other: true, Choices: choices(
			"passport", "residence_permit", "student_card", "pension_card", "military_id")},
		{Key: "residence", Required: true, Choices: choices("city", "elsewhere", "none")},
		{Key: KeyDeregistered, Required: true, When: When{Key: "residence", Is: []string{"none"}}},
		{Key: "education", Required: true, Choices: choices("higher", "unfinished", "vocational", "secondary", "basic")},
		{Key: "category", Required: true, Choices: choices(
			"worker", "student", "college_last", "college", "pupil", "pensioner", "jobless", "another")},
		{Key: "profession", Required: true, When: of("worker")},
		{Key: "title", When: of("worker")},
		{Key: "institution", Required: true, When: of("student", "college_last", "college")},
		{Key: "faculty", When: of("student", "college_last", "college")},
		{Key: "year", Required: true, When: of("student", "college"), Choices: choices("1", "2", "3", "4", "5", "6")},
		{Key: "school", Required: true, When: of("pupil")},
		{Key: "class", Required: true, When: of("pupil")},
		{Key: KeyPhone},
		{Key: "address", Required: true},
	}
}

// ExampleEligibility are the rules of the same library (R4): use from 18, except students of higher education and of the last year of a technical
// school; students show their card too; without a registration of residence the de-registration is at most ten days old; lending from 18 to residents
// of the city alone.
func ExampleEligibility() Eligibility {
	students := When{Key: "category", Is: []string{"student", "college_last"}}
	unregistered := When{Key: "residence", Is: []string{"none"}}
	return Eligibility{
		Rules: []Rule{
			{MinAge: 18, Unless: []When{students}, Then: Refuse},
			{If: []When{unregistered}, Since: KeyDeregistered, MaxDays: 10, Then: Refuse},
			{If: []When{{Key: "category", Is: []string{"student", "college_last", "college"}}}, Then: AskDocument, Document: "student_card"},
		},
		Lending: Lending{MinAge: 18, Resident: When{Key: "residence", Is: []string{"city"}}},
	}
}

// ExampleNewcomer is the rule of the same library for its students (R6): two lessons a week, or a test.
func ExampleNewcomer() *Newcomer {
	room := map[Lang]string{Russian: "кабинет 12, 2 этаж", Sakha: "12-с хос, 2-с этээс", Ukrainian: "кабінет 12, 2 поверх", English: "room 12, 2nd floor"}
	return &Newcomer{
		For:        When{Key: "category", Is: []string{"student", "college_last", "college"}},
		Department: "Библиографический отдел",
		Lessons: []Lesson{
			{Weekday: time.Tuesday, From: 15 * 60, Minutes: 60, Seats: 12, Place: room},
			{Weekday: time.Thursday, From: 11 * 60, Minutes: 60, Seats: 12, Place: room},
		},
		Test: map[Lang]string{
			Russian: "в любой будний день с 10:00 до 17:00, кабинет 12", Sakha: "үлэ күнүн аайы 10:00–17:00, 12-с хос",
			Ukrainian: "будь-якого буднього дня з 10:00 до 17:00, кабінет 12", English: "on any working day from 10:00 to 17:00, room 12",
		},
	}
}

// ShippedField gives the question of the key as ExampleFields has it.
func ShippedField(key string) (Field, bool) {
	for _, f := range ExampleFields() {
		if f.Key == key {
			return f, true
		}
	}
	return Field{}, false
}

// ShippedChoices are all choices of the question for which there are texts or need be none, those of ExampleFields first.
func ShippedChoices(key string) []Choice {
	f, _ := ShippedField(key)
	out, prefix := f.Choices, "field."+key+"_"
	for _, text := range slices.Sorted(maps.Keys(shippedTexts)) {
		id, of := strings.CutPrefix(text, prefix)
		if of && id != "ask" && !f.Has(id) {
			out = append(out, Choice{ID: id})
		}
	}
	return out
}

func choices(ids ...string) []Choice {
	out := make([]Choice, len(ids))
	for i, id := range ids {
		out[i] = Choice{ID: id}
	}
	return out
}

// shippedTexts are the texts for fields that come with the program, in every language.
var shippedTexts = map[string]bool{
	"field.document": true, "field.document_ask": true, "field.document_passport": true, "field.document_residence_permit": true,
	"field.document_student_card": true, "field.document_pension_card": true, "field.document_military_id": true,
	"field.document_birth_certificate": true, "field.document_pupil_card": true,
	"field.residence": true, "field.residence_ask": true, "field.residence_city": true, "field.residence_elsewhere": true, "field.residence_none": true,
	"field.deregistered": true, "field.deregistered_ask": true,
	"field.education": true, "field.education_ask": true, "field.education_higher": true, "field.education_unfinished": true,
	"field.education_vocational": true, "field.education_secondary": true, "field.education_basic": true,
	"field.category": true, "field.category_ask": true, "field.category_worker": true, "field.category_student": true,
	"field.category_college_last": true, "field.category_college": true, "field.category_pupil": true, "field.category_pensioner": true,
	"field.category_jobless": true, "field.category_another": true,
	"field.work": true, "field.work_ask": true, "field.profession": true, "field.profession_ask": true, "field.title": true, "field.title_ask": true,
	"field.institution": true, "field.institution_ask": true, "field.faculty": true, "field.faculty_ask": true, "field.year": true, "field.year_ask": true,
	"field.school": true, "field.school_ask": true, "field.class": true, "field.class_ask": true,
	"field.phone": true, "field.phone_ask": true, "field.address": true, "field.address_ask": true, "field.guardian": true, "field.guardian_ask": true,
}
