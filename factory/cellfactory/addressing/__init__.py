"""Which addresses each cell gets, and keeps."""
