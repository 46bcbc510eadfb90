"""Speculation in agents that are built with other frameworks, and where their spans go."""
