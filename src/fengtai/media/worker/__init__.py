"""A media worker: a process of its own that receives, records and shows streams. It never opens the database."""
