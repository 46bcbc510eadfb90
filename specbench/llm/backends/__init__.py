"""One backend a module; :func:`specbench.llm.registry.make_backend` makes them by name."""
