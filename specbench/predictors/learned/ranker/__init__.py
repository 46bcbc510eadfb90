"""Which of the candidates it is: first value by value, then as whole calls."""
