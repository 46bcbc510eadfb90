"""What a conversation holds at a moment: its values, where they stand, what was said around them."""
