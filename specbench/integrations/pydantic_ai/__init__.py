"""Speculation in agents that are built with pydantic-ai."""
