"""Real processes killed at random moments, over real sockets, on both databases; judged like the fault simulation."""
