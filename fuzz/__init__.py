"""Fuzzing: bytes that nobody would write, for every part of specbench that reads what others wrote. See ``run.py``."""
