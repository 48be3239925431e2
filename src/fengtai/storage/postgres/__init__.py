"""The engine for many processes and many machines: PostgreSQL 15 or later, by psycopg 3."""
