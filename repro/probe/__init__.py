"""What runs inside a target and answers with facts; standard library only, Python 3.7+."""
