"""The main process: everything on one machine, started and stopped in order."""
