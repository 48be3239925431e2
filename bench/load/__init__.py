"""Load generators: they run in processes of their own and belong to neither side."""
