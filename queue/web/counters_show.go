package web

func showCounters(v *visit) error {
	counts, err := v.counters(v.ctx())
	if err != nil {
		return err
	}
	return v.part("counters", counts)
}
