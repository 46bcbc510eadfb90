"""The support desk: a SQLite database, its tools, and the scripted conversations of the shipped traces."""
