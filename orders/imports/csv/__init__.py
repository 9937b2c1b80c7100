"""Files of rows: read, checked, and handed on row by row."""
