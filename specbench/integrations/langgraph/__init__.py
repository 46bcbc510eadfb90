"""LangGraph: the speculative agent as a graph."""
