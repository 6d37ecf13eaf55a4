"""The parts of the replay: the log as questions, the client that asks them, and the lists of simple systems."""
