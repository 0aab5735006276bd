"""What runs inside a target and answers with facts. Standard library only, Python 3.7+."""
