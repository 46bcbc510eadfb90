"""What the scripted people say: phrase books (text files) and the grammar that reads them."""
