package web

func releaseTask(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	err = v.Desk.Release(v.ctx(), v.lib.ID, t.ID, v.me())
	if problem := v.taskProblem(err); problem != "" {
		return v.again(t.ID, problem)
	}
	if err != nil {
		return err
	}
	return v.to("/desk?did=released")
}
