"""LangChain: our models as chat models, and speculation as a middleware of ``create_agent``."""
