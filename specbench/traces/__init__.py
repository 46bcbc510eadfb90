"""Traces: reading, writing, splitting and describing recorded agent conversations."""
