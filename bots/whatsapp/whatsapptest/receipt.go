package whatsapptest

import (
	"slices"

	"go.mau.fi/whatsmeow/types"
)

// receipt takes what a client confirms, or asks for again.
func (c *connection) receipt(n *node) {
	s, d, get := c.server, c.device, n.AttrGetter()
	if d == nil {
		return
	}
	kind, ids := types.ReceiptType(get.OptionalString("type")), receiptIDs(n)
	if hook := s.hooks().receipt; hook != nil {
		hook(ids[0], string(kind))
	}
	if s.loses() {
		return
	}
	c.send(node{Tag: "ack", Attrs: attrs{"class": "receipt", "id": ids[0], "type": string(kind), "from": n.Attrs["to"]}})
	to := get.OptionalJIDOrEmpty("to")
	if in := get.OptionalJIDOrEmpty("participant"); !in.IsEmpty() {
		to = in
	}
	switch kind {
	case types.ReceiptTypeRetry:
		s.again(d, to, ids[0], n)
	case types.ReceiptTypeServerError:
		s.reupload(d, ids[0], n)
	default:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tick(d, to, kind, ids)
		s.change()
	}
}

func (s *Server) loses() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.dropReceipts
}

func receiptIDs(n *node) []string {
	ids := []string{n.AttrGetter().OptionalString("id")}
	list := inside(*n, "list")
	for _, item := range list.GetChildren() {
		ids = append(ids, item.AttrGetter().OptionalString("id"))
	}
	return ids
}

// tick drops what is confirmed and shows it to who wrote it; the lock is held.
func (s *Server) tick(d *device, to types.JID, kind types.ReceiptType, ids []string) {
	p := s.phones[to]
	for _, id := range ids {
		switch kind {
		case types.ReceiptTypeDelivered, types.ReceiptTypeInactive, types.ReceiptTypeSender, types.ReceiptTypePeerMsg:
			d.confirm("message", id, "")
		case types.ReceiptTypeRead, types.ReceiptTypePlayed, types.ReceiptTypeReadSelf:
		default:
			continue
		}
		if p == nil {
			continue
		}
		t := p.ticks[id]
		t.read = t.read || kind == types.ReceiptTypeRead || kind == types.ReceiptTypePlayed
		t.delivered = t.delivered || t.read || kind == types.ReceiptTypeDelivered
		p.ticks[id] = t
	}
}

// again lets the phone that wrote a message send it anew: with the session that it has, or with a new one where the client has given keys for it.
func (s *Server) again(d *device, to types.JID, id string, n *node) {
	retry := inside(*n, "retry")
	keys, fresh := n.GetOptionalChildByTag("keys")
	s.mu.Lock()
	p := s.phones[to]
	if p == nil || p.said[id] == nil {
		s.mu.Unlock()
		return
	}
	m := p.said[id]
	if fresh {
		d.keys.take(&keys)
	}
	d.waiting = slices.DeleteFunc(d.waiting, func(w *pending) bool { return w.class == "message" && w.id == id })
	s.mu.Unlock()
	p.party.mu.Lock()
	defer p.party.mu.Unlock()
	if fresh {
		p.party.forget(d.lid)
	}
	// What cannot be encrypted stays unread, as with a phone that is off; the client asks again or gives up.
	_ = p.deliver(d, m, retry.AttrGetter().OptionalInt("count"))
}

// Delivered tells the devices that sent these messages that they have arrived at the phone.
func (p *Phone) Delivered(ids ...string) { p.confirm(types.ReceiptTypeDelivered, ids) }

// Read tells the devices that sent these messages that the person has read them.
func (p *Phone) Read(ids ...string) { p.confirm(types.ReceiptTypeRead, ids) }

func (p *Phone) confirm(kind types.ReceiptType, ids []string) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	var devices []*device
	of := map[*device][]string{}
	for _, m := range p.inbox {
		if m.at == nil || !slices.Contains(ids, m.ID) { // what was written on the library's phone has no device
			continue
		}
		if of[m.at] == nil {
			devices = append(devices, m.at)
		}
		of[m.at] = append(of[m.at], m.ID)
	}
	for _, d := range devices {
		p.tell(d, kind, of[d])
	}
}

// tell sends a receipt; the server's lock is held.
func (p *Phone) tell(d *device, kind types.ReceiptType, ids []string) {
	n := node{Tag: "receipt", Attrs: attrs{"from": p.address(), "id": ids[0], "t": p.server.now().Unix(), "type": string(kind)}}
	var items []node
	for _, id := range ids[1:] {
		items = append(items, node{Tag: "item", Attrs: attrs{"id": id}})
	}
	if len(items) > 0 {
		n.Content = []node{{Tag: "list", Content: items}}
	}
	d.push(&pending{class: "receipt", id: ids[0], kind: string(kind), node: n})
}
