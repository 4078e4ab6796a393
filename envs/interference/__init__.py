"""Interference: break real environments in known ways, and repair them."""
