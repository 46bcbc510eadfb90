"""Speculation in agents that are built with the OpenAI Agents SDK."""
