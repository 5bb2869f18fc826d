package web

// downloadFile sends the original as it came. A browser must neither open it nor guess what it is.
func downloadFile(v *visit) error {
	return v.sendFile(false, func(FileInfo) (string, bool) { return "attachment", true })
}
