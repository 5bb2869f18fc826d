package main

// sampleNeed is what a sample reader says to tell what they miss.
func sampleNeed(kind, words string) []sampleMessage {
	return []sampleMessage{{choice: "needs"}, {choice: "need:" + kind}, {text: words}}
}
