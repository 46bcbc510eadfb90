"""What training counts of a parameter: where its values came from, their shape, what announces them."""
