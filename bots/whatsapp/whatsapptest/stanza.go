package whatsapptest

import "go.mau.fi/whatsmeow/types"

// handle answers one stanza of a client.
func (c *connection) handle(n *node) {
	switch n.Tag {
	case "iq":
		c.query(n)
	case "message":
		c.message(n)
	case "receipt":
		c.receipt(n)
	case "ack":
		c.acknowledged(n)
	case "presence":
		if d := c.device; d != nil && n.Attrs["type"] == string(types.PresenceAvailable) {
			c.server.mu.Lock()
			d.account.present++
			c.server.change()
			c.server.mu.Unlock()
		}
	case "chatstate":
		c.typing(n)
	}
}

// query answers an IQ. What is not known here is answered with an empty result.
func (c *connection) query(n *node) {
	var first node
	if kids := n.GetChildren(); len(kids) > 0 {
		first = kids[0]
	}
	kind := n.AttrGetter().OptionalString("type")
	if kind == "result" || kind == "error" {
		c.answered(n)
		return
	}
	space := n.AttrGetter().OptionalString("xmlns")
	if c.device == nil && space != "md" {
		c.failed(n, "401", "not-authorized")
		return
	}
	switch space + " " + kind + " " + first.Tag {
	case "md set " + codeTag:
		c.linkByCode(n, first)
	case "md set remove-companion-device":
		if c.device != nil {
			c.unlinked(n)
		}
	case "encrypt get count":
		c.server.mu.Lock()
		count := len(c.device.keys.once)
		c.server.mu.Unlock()
		c.result(n, node{Tag: "count", Attrs: attrs{"value": count}})
	case "encrypt get key":
		c.keysOf(n, first)
	case "usync get usync":
		c.usync(n, first)
	case "w:m set media_conn":
		c.result(n, mediaHosts())
	case "privacy get privacy":
		c.result(n, node{Tag: "privacy"})
	case "passive set active":
		c.result(n)
		c.ready()
	default:
		if space == "encrypt" && kind == "set" {
			c.server.mu.Lock()
			c.device.keys.take(n)
			c.server.mu.Unlock()
		}
		c.result(n)
	}
}

func (c *connection) result(n *node, children ...node) {
	answer := node{Tag: "iq", Attrs: attrs{"from": types.ServerJID, "type": "result", "id": n.Attrs["id"]}}
	if len(children) > 0 {
		answer.Content = children
	}
	c.send(answer)
}

func (c *connection) failed(n *node, code, text string) {
	c.send(node{
		Tag: "iq", Attrs: attrs{"from": types.ServerJID, "type": "error", "id": n.Attrs["id"]},
		Content: []node{{Tag: "error", Attrs: attrs{"code": code, "text": text}}},
	})
}

// ready notes that the device wants what is new.
func (c *connection) ready() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.device.active = true
	c.server.change()
}

// unlinked takes the device off the account at its own wish. It hangs up itself.
func (c *connection) unlinked(n *node) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.result(n)
	c.device.linked, c.device.waiting, c.device.conn = false, nil, nil
	c.server.change()
}

// acknowledged takes the client's ack of a stanza.
func (c *connection) acknowledged(n *node) {
	if c.device == nil {
		return
	}
	get := n.AttrGetter()
	class, kind := get.OptionalString("class"), get.OptionalString("type")
	if class != "receipt" {
		kind = ""
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.device.confirm(class, get.OptionalString("id"), kind)
}

// typing counts how often a phone is shown that the library writes.
func (c *connection) typing(n *node) {
	if _, composing := n.GetOptionalChildByTag("composing"); !composing {
		return
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if p := c.server.phones[n.AttrGetter().OptionalJIDOrEmpty("to")]; p != nil {
		p.typing++
		c.server.change()
	}
}
