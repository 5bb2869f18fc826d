package web

import "librarian/queue"

// What a route may need instead of a permission of a role.
const (
	open     queue.Permission = "open"     // nothing: whoever comes
	entering queue.Permission = "entering" // a right password; the second factor is still owed
	leaving  queue.Permission = "leaving"  // any session, however far
	renewing queue.Permission = "renewing" // signed in, though a new password may be owed
	own      queue.Permission = "own"      // signed in: one's own matters
	roaming  queue.Permission = "roaming"  // an operator, who belongs to no library
)

// route is one line of the table: what is asked for, who may, which act the audit log will hold, who answers.
type route struct {
	pattern string
	needs   queue.Permission
	act     string // of everything that changes something, and of looks at documents
	handle  func(*visit) error
}

// routes is every address of the desk.
func routes() []route {
	return []route{
		{"GET /desk/static/{name}", open, "", showStatic},
		{"GET /desk/sign-in", open, "", askPassword},
		{"POST /desk/sign-in", open, "session.begun", beginSession},
		{"GET /desk/sign-in/code", entering, "", askCode},
		{"POST /desk/sign-in/code", entering, "session.opened", checkCode},
		{"GET /desk/enrol", entering, "", offerFactor},
		{"POST /desk/enrol", entering, "session.opened", confirmFactor},
		{"GET /desk/password", renewing, "", askNewPassword},
		{"POST /desk/password", renewing, "staff.password", changePassword},
		{"POST /desk/sign-out", leaving, "session.ended", endSession},

		{"GET /desk/libraries", roaming, "", listLibraries},
		{"POST /desk/libraries", roaming, "library.entered", chooseLibrary},

		{"GET /desk", queue.PermQueue, "", showQueue},
		{"GET /desk/queue", queue.PermQueue, "", listTasks},
		{"GET /desk/counters", queue.PermQueue, "", showCounters},
		{"GET /desk/events", own, "", followQueue},

		{"GET /desk/tasks/{id}", queue.PermQueue, "registration.looked", showTask},
		{"GET /desk/tasks/{id}/side", queue.PermQueue, "", showTaskSide},
		{"POST /desk/tasks/{id}/take", queue.PermQueue, "task.taken", takeTask},
		{"POST /desk/tasks/{id}/release", queue.PermQueue, "task.released", releaseTask},
		{"POST /desk/tasks/{id}/done", queue.PermQueue, "task.finished", finishTask},
		{"POST /desk/tasks/{id}/pass", queue.PermAnswer, "task.passed", passQuestion},
		{"POST /desk/tasks/{id}/recall", queue.PermAnswer, "task.recalled", recallQuestion},
		{"POST /desk/tasks/{id}/reply", queue.PermQueue, "task.replied", replyQuestion},
		{"POST /desk/tasks/{id}/give-back", queue.PermQueue, "task.given_back", giveBackQuestion},
		{"POST /desk/tasks/{id}/accept", queue.PermDecide, "registration.accepted", acceptRegistration},
		{"POST /desk/tasks/{id}/refuse", queue.PermDecide, "registration.refused", refuseRegistration},
		{"POST /desk/tasks/{id}/double", queue.PermDecide, "registration.double", refuseDouble},
		{"POST /desk/tasks/{id}/correct", queue.PermPapers, "registration.corrected", correctRegistration},
		{"POST /desk/tasks/{id}/card", queue.PermCards, "card.issued", issueCard},
		{"POST /desk/tasks/{id}/has-card", queue.PermCards, "card.kept", keepCard},
		{"GET /desk/tasks/{id}/registration.csv", queue.PermCards, "registration.exported", exportRegistration},

		{"GET /desk/tasks/{id}/papers", queue.PermPapers, "", showTaskPapers},
		{"POST /desk/tasks/{id}/papers/accept", queue.PermDecide, "page.accepted", acceptPaper},
		{"POST /desk/tasks/{id}/papers/return", queue.PermDecide, "page.returned", returnPaper},
		{"POST /desk/tasks/{id}/papers/reopen", queue.PermDecide, "page.reopened", reopenPaper},
		{"POST /desk/tasks/{id}/papers/send-back", queue.PermDecide, "papers.sent_back", sendPapersBack},
		{"POST /desk/tasks/{id}/papers/redraw", queue.PermDecide, "papers.redrawn", redrawPapers},
		{"GET /desk/papers", queue.PermPapers, "", listPapers},
		{"GET /desk/registrations/{id}", queue.PermPapers, "registration.looked", showRegistration},
		{"GET /desk/registrations/{id}/papers", queue.PermPapers, "", showRegistrationPapers},
		{"GET /desk/registrations/{id}/proof.zip", queue.PermDecide, "registration.proof", proveRegistration},
		{"POST /desk/registrations/{id}/by-post", queue.PermDecide, "papers.by_post", receivePapersByPost},

		{"GET /desk/lessons", queue.PermCertify, "", listLessons},
		{"POST /desk/lessons/{id}/certify", queue.PermCertify, "lesson.certified", certifyLesson},
		{"POST /desk/lessons/{id}/missed", queue.PermCertify, "lesson.missed", missLesson},
		{"POST /desk/lessons/{id}/waive", queue.PermWaive, "lesson.waived", waiveLesson},

		{"GET /desk/orders", queue.PermParts, "", listOrders},
		{"GET /desk/orders/{id}", queue.PermParts, "", showOrder},
		{"GET /desk/orders/{id}/part", queue.PermParts, "", showOrderPart},
		{"GET /desk/orders/{id}/slip", queue.PermParts, "", showSlip},
		{"GET /desk/orders/{id}/sent/{part}", queue.PermOrders, "order.looked", downloadOrder},
		{"POST /desk/orders/{id}/route", queue.PermOrders, "order.routed", routeOrder},
		{"POST /desk/orders/{id}/bind", queue.PermOrders, "order.bound", bindOrder},
		{"POST /desk/orders/{id}/digitise", queue.PermParts, "order.digitised", digitiseOrder},
		{"POST /desk/orders/{id}/give-back", queue.PermParts, "order.given_back", giveBackOrder},
		{"POST /desk/orders/{id}/hand-over", queue.PermParts, "order.handed_over", handOverOrder},
		{"POST /desk/orders/{id}/return", queue.PermOrders, "order.returned", returnOrder},
		{"POST /desk/orders/{id}/release", queue.PermOrders, releasedOrder, releaseOrder},
		{"POST /desk/orders/{id}/refuse", queue.PermParts, "order.refused", refuseOrder},
		{"POST /desk/orders/{id}/cancel", queue.PermOrders, "order.cancelled", cancelOrder},
		{"POST /desk/orders/{id}/ask", queue.PermParts, "order.asked", askAboutOrder},
		{"POST /desk/orders/{id}/undo", queue.PermParts, "order.undone", undoOrder},
		{"POST /desk/orders/{id}/parts", queue.PermParts, "part.added", addParts},
		{"GET /desk/orders/{id}/parts/{part}", queue.PermParts, "part.looked", showPart},
		{"GET /desk/orders/{id}/parts/{part}/original", queue.PermParts, "part.downloaded", downloadPart},
		{"POST /desk/orders/{id}/parts/{part}/turn", queue.PermParts, "part.turned", turnPart},
		{"POST /desk/orders/{id}/parts/{part}/drop", queue.PermParts, "part.dropped", dropPart},
		{"POST /desk/orders/{id}/parts/{part}/move", queue.PermParts, "part.moved", movePart},

		{"GET /desk/tray", queue.PermOrders, "", listTray},
		{"GET /desk/tray/count", queue.PermOrders, "", countTray},
		{"GET /desk/tray/{id}", queue.PermOrders, "", showLetter},
		{"GET /desk/tray/{id}/part", queue.PermOrders, "", showLetterActs},
		{"GET /desk/tray/{id}/source", queue.PermOrders, "letter.downloaded", downloadLetter},
		{"GET /desk/tray/{id}/files/{file}", queue.PermOrders, "letter.looked", showLetterFile},
		{"GET /desk/tray/{id}/files/{file}/original", queue.PermOrders, "letter.downloaded", downloadLetterFile},
		{"POST /desk/tray/{id}/give", queue.PermOrders, "letter.given", giveLetter},
		{"POST /desk/tray/{id}/pass", queue.PermOrders, "letter.passed", passLetter},
		{"POST /desk/tray/{id}/put-aside", queue.PermOrders, "letter.put_aside", putLetterAside},

		{"GET /desk/needs", queue.PermNeeds, "", listNeeds},
		{"GET /desk/needs.csv", queue.PermNeeds, "", exportNeeds},
		{"POST /desk/needs", queue.PermNeeds, "need.noted", addNeed},
		{"GET /desk/needs/{id}", queue.PermNeeds, "", showNeed},
		{"POST /desk/needs/{id}/decide", queue.PermNeeds, "need.decided", decideNeed},
		{"POST /desk/needs/{id}/open", queue.PermNeeds, "need.opened", openNeed},
		{"POST /desk/needs/{id}/join", queue.PermNeeds, "need.joined", joinNeed},
		{"POST /desk/needs/{id}/part", queue.PermNeeds, "need.parted", partNeed},

		{"GET /desk/conversations/{id}", queue.PermAnswer, "", showConversation},
		{"GET /desk/conversations/{id}/entries", queue.PermAnswer, "", listEntries},
		{"GET /desk/conversations/{id}/speaker", queue.PermAnswer, "", showSpeaker},
		{"GET /desk/conversations/{id}/events", queue.PermAnswer, "", followConversation},
		{"POST /desk/conversations/{id}/say", queue.PermAnswer, "message.said", sayMessage},
		{"POST /desk/conversations/{id}/typing", queue.PermAnswer, "", showTyping},
		{"POST /desk/conversations/{id}/take-over", queue.PermAnswer, "conversation.taken", takeConversation},
		{"POST /desk/conversations/{id}/hand-back", queue.PermAnswer, "conversation.returned", returnConversation},
		{"POST /desk/conversations/{id}/join", queue.PermDecide, "contact.joined", joinContact},
		{"POST /desk/conversations/{id}/part", queue.PermDecide, "contact.parted", partContact},
		{"POST /desk/conversations/{id}/block", queue.PermBlock, "sender.blocked", blockSender},
		{"POST /desk/conversations/{id}/unblock", queue.PermBlock, "sender.unblocked", unblockSender},

		{"GET /desk/files/{id}", queue.PermPapers, "file.looked", showFile},
		{"GET /desk/files/{id}/original", queue.PermPapers, "file.downloaded", downloadFile},

		{"GET /desk/staff", queue.PermStaff, "", listStaff},
		{"POST /desk/staff", queue.PermStaff, "staff.added", addStaff},
		{"POST /desk/staff/{id}/off", queue.PermStaff, "staff.off", switchStaffOff},
		{"POST /desk/staff/{id}/on", queue.PermStaff, "staff.on", switchStaffOn},
		{"POST /desk/staff/{id}/department", queue.PermStaff, "staff.placed", placeStaff},
		{"POST /desk/staff/{id}/reset", queue.PermStaff, "staff.reset", resetStaff},

		{"GET /desk/account", own, "", showAccount},
		{"POST /desk/account/language", own, "staff.own", chooseLanguage},
		{"POST /desk/account/notices", own, "staff.own", chooseNotices},
		{"GET /desk/account/binding", own, "", showBinding},
		{"POST /desk/account/binding", own, "staff.own", offerBinding},
		{"POST /desk/account/binding/end", own, "staff.own", endBinding},
		{"POST /desk/account/sessions/{id}/end", own, "session.ended", closeSession},

		{"GET /desk/settings", queue.PermSettings, "", showSettings},
		{"GET /desk/settings/way", queue.PermSettings, "", showWay},
		{"POST /desk/settings/way", queue.PermSettings, "settings.changed", changeWay},
		{"GET /desk/settings/consent", queue.PermSettings, "", showConsentText},
		{"POST /desk/settings/consent", queue.PermSettings, "settings.changed", changeConsentText},
		{"GET /desk/settings/rules", queue.PermSettings, "", showRulesText},
		{"POST /desk/settings/rules", queue.PermSettings, "settings.changed", changeRulesText},
		{"GET /desk/settings/joining", queue.PermSettings, "", showJoining},
		{"POST /desk/settings/joining", queue.PermSettings, "settings.changed", changeJoining},
		{"GET /desk/settings/papers", queue.PermSettings, "", showWording},
		{"POST /desk/settings/papers", queue.PermSettings, "settings.changed", changeWording},
		{"POST /desk/settings/papers/sample", queue.PermSettings, "", drawWording},
		{"GET /desk/settings/questions", queue.PermSettings, "", showQuestions},
		{"POST /desk/settings/questions", queue.PermSettings, "settings.changed", changeQuestions},
		{"GET /desk/settings/questions/{key}", queue.PermSettings, "", showQuestion},
		{"POST /desk/settings/questions/{key}", queue.PermSettings, "settings.changed", changeQuestion},
		{"GET /desk/settings/departments", queue.PermSettings, "", showDepartments},
		{"POST /desk/settings/departments", queue.PermSettings, "department.added", addDepartment},
		{"GET /desk/settings/departments/new", queue.PermSettings, "", showNewDepartment},
		{"GET /desk/settings/departments/{id}", queue.PermSettings, "", showDepartment},
		{"POST /desk/settings/departments/{id}", queue.PermSettings, "department.changed", changeDepartment},
		{"GET /desk/settings/sigla", queue.PermSettings, "", showSigla},
		{"POST /desk/settings/sigla", queue.PermSettings, "sigla.changed", changeSigla},
		{"GET /desk/settings/asking", queue.PermSettings, "", showAsking},
		{"POST /desk/settings/asking", queue.PermSettings, "settings.changed", changeAsking},
		{"GET /desk/settings/copying", queue.PermSettings, "", showCopying},
		{"POST /desk/settings/copying", queue.PermSettings, "settings.changed", changeCopying},
		{"GET /desk/settings/promises", queue.PermSettings, "", showPromises},
		{"POST /desk/settings/promises", queue.PermSettings, "settings.changed", changePromises},

		{"GET /desk/channels", queue.PermChannels, "", listChannels},
		{"POST /desk/channels", queue.PermChannels, "channel.added", addChannel},
		{"GET /desk/channels/rows", queue.PermChannels, "", showChannelRows},
		{"GET /desk/channels/alarms", queue.PermChannels, "", showAlarms},
		{"GET /desk/channels/{id}", queue.PermChannels, "", showChannel},
		{"GET /desk/channels/{id}/part", queue.PermChannels, "", showChannelPart},
		{"POST /desk/channels/{id}/link", queue.PermChannels, "channel.link_asked", linkChannel},
		{"POST /desk/channels/{id}/cancel", queue.PermChannels, "channel.link_cancelled", cancelLink},
		{"POST /desk/channels/{id}/connect", queue.PermChannels, "channel.connect_asked", connectChannel},
		{"POST /desk/channels/{id}/unlink", queue.PermChannels, "channel.unlink_asked", unlinkChannel},

		{"GET /desk/audit", queue.PermAudit, "", listAudit},
	}
}
