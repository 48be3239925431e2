"""Complete in-memory twins of the stores: product code, for tests, demonstrations and the simulator."""
