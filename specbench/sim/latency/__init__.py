"""Latency models: how long the LLM, tools and users take, modelled or measured."""
