package web

// downloadFile sends the original as it came.
func downloadFile(v *visit) error {
	id := v.r.PathValue("id")
	return v.sendFile(id, "file "+id, false)
}
