package web

func showTaskSide(v *visit) error {
	t, err := v.task()
	if err != nil {
		return err
	}
	plain, err := v.plain(v.ctx(), t)
	if err != nil {
		return err
	}
	view, err := v.taskView(t, plain)
	if err != nil {
		return err
	}
	return v.part("task_side", view)
}
