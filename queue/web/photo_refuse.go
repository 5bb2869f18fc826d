package web

import "librarian/queue"

// refusePhoto sends the photos back; the registration waits for better ones.
func refusePhoto(v *visit) error {
	return v.refuse(v.RefusePhoto, queue.NewsPhotoRefused, outcomePhoto, "photo")
}
