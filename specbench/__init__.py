"""specbench: a research workbench for speculative tool execution in LLM agents."""
