"""The laboratory: throwaway container engines and real images for tests, demo and benchmarks."""
