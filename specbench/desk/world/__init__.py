"""The support desk: a SQLite database, and the tools that an agent may call on it."""
