"""Publishing: pages, tables and pictures, and a lock copied into a project."""
