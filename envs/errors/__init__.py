"""The errors that people meet: recognised in a traceback, explained, broken and mended for real."""
