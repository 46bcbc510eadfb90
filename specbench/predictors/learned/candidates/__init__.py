"""Which values may fill a parameter now, and the features by which they are ranked."""
