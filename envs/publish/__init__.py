"""Publishing: make pages, tables and pictures, and copy a lock into a project."""
