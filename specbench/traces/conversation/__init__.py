"""Messages in any provider's dialect → :class:`~specbench.core.types.Message`; what every reader shares."""
