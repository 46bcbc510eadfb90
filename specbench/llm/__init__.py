"""Language models behind one protocol: scripted, the micro-Llama, transformers, any OpenAI-compatible server."""
