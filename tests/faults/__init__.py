"""The fault simulation: one thread, no sockets, injected time and names; a seed replays exactly."""
