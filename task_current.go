package asyncio

// CurrentTask returns the task whose coroutine the caller is, nil elsewhere. Any
// goroutine may call it. (asyncio.current_task)
func CurrentTask() AnyTask {
	if s := currentStrand(); s != nil && s.task() != nil {
		return s.task().self()
	}
	return nil
}

// CurrentTaskOf is CurrentTask for one loop: nil unless the caller is in a
// coroutine of that loop. A nil loop means the running one: ErrNoRunningLoop if
// there is none. Any goroutine may call it. (asyncio.current_task)
func CurrentTaskOf(loop EventLoop) (AnyTask, error) {
	s := currentStrand()
	switch {
	case loop == nil && s == nil:
		return nil, opError("CurrentTask", ErrNoRunningLoop)
	case s == nil || s.task() == nil || loop != nil && s.loop() != loop.base():
		return nil, nil
	}
	return s.task().self(), nil
}
