package whatsapptest

import (
	"strings"

	"go.mau.fi/whatsmeow/types"
)

// person is what a client may learn of a number or LID.
type person struct {
	number, lid types.JID
	devices     []node
}

// usync answers what a client asks of people: who they are and which devices they have.
func (c *connection) usync(n *node, asked node) {
	query, list := inside(asked, "query"), inside(asked, "list")
	var users []node
	for _, u := range list.GetChildren() {
		users = append(users, c.server.user(u, query.GetChildren()))
	}
	c.result(n, node{Tag: "usync", Content: []node{{Tag: "list", Content: users}}})
}

func (s *Server) user(asked node, fields []node) node {
	jid, called := asked.AttrGetter().OptionalJIDOrEmpty("jid"), ""
	contact, byNumber := asked.GetOptionalChildByTag("contact")
	if byNumber {
		called = string(content(contact))
		number, _, _ := strings.Cut(called, "@")
		jid = types.NewJID(digits(number), types.DefaultUserServer)
	}
	p, known := s.person(jid)
	answer := node{Tag: "user", Attrs: attrs{"jid": jid}}
	if byNumber { // who is found by number is called by LID
		answer.Attrs = attrs{"pn_jid": jid}
		if !p.lid.IsEmpty() {
			answer.Attrs["jid"] = p.lid
		}
	}
	var told []node
	for _, f := range fields {
		switch {
		case f.Tag == "devices":
			told = append(told, node{Tag: "devices", Content: []node{{Tag: "device-list", Content: p.devices}}})
		case f.Tag == "lid" && !p.lid.IsEmpty():
			told = append(told, node{Tag: "lid", Attrs: attrs{"val": p.lid}})
		case f.Tag == "contact":
			in := map[bool]string{true: "in", false: "out"}[known]
			told = append(told, node{Tag: "contact", Attrs: attrs{"type": in}, Content: []byte(called)})
		}
	}
	answer.Content = told
	return answer
}

// person is what is known of a number or LID; false: nobody has it.
func (s *Server) person(jid types.JID) (person, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	phone := []node{{Tag: "device", Attrs: attrs{"id": 0}}}
	if p := s.phones[jid]; p != nil {
		return person{p.number, p.lid, phone}, true
	}
	a := s.accounts[jid]
	if a == nil {
		return person{}, false
	}
	for _, d := range a.linked() {
		phone = append(phone, node{Tag: "device", Attrs: attrs{"id": int(d.number.Device), "key-index": "1"}})
	}
	return person{a.number, a.lid, phone}, true
}
