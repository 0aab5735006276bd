"""repro: tells what differs between two ML containers, and whether it changes model outputs."""

__version__ = "0.1.0"
