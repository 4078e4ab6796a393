"""Which pairing loads the model that another saved; and what a file of a reader's is."""
