"""What runs inside a target: reads it and answers with facts. Standard library only, Python 3.7+."""
