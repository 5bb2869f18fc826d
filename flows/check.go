package flows

import "fmt"

// Check reports the first fault of the table: a step without a place in Steps or one that nothing leads to, a pair of event and step given twice.
// The machine itself accepts all of them in silence.
func (f *Flow) Check() error {
	if _, ok := f.Steps[f.Start]; !ok {
		return fmt.Errorf("flow %s: start %q is no step", f.Name, f.Start)
	}
	reached := map[string]bool{f.Start: true}
	pairs := map[[2]string]bool{}
	final := map[string]bool{}
	for _, s := range f.Final {
		final[s] = true
	}
	for _, m := range f.Moves {
		for _, src := range m.Src {
			if _, ok := f.Steps[src]; !ok {
				return fmt.Errorf("flow %s: event %s leaves %q, which is no step", f.Name, m.Name, src)
			}
			if pairs[[2]string{m.Name, src}] {
				return fmt.Errorf("flow %s: event %s from %s is given twice", f.Name, m.Name, src)
			}
			pairs[[2]string{m.Name, src}] = true
		}
		if _, ok := f.Steps[m.Dst]; !ok && !final[m.Dst] {
			return fmt.Errorf("flow %s: event %s leads to %q, which is no step", f.Name, m.Name, m.Dst)
		}
		reached[m.Dst] = true
	}
	for name, s := range f.Steps {
		if !reached[name] {
			return fmt.Errorf("flow %s: nothing leads to %s", f.Name, name)
		}
		if s.Ask == nil || s.Take == nil {
			return fmt.Errorf("flow %s: step %s does not ask or does not understand", f.Name, name)
		}
	}
	for _, s := range f.Final {
		if !reached[s] {
			return fmt.Errorf("flow %s: nothing leads to the end %s", f.Name, s)
		}
	}
	return nil
}
