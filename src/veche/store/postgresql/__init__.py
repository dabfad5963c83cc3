"""The record in PostgreSQL: the same rows and questions as in SQLite, through asyncpg in a thread of its own."""
