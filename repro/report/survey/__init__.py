"""Reports on many subjects: a survey as text, one module a format, pure functions all."""
