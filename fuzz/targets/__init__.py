"""What is fuzzed: one module for each subject, with ``check(data)``, which raises when specbench breaks its word."""
