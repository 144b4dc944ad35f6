"""The tests. They read as sentences and use the pretend world only at the edge; no doubles of our own code."""
