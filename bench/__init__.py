"""One script per row of performance: each runs ours and the peer in one run and prints one JSON line."""
