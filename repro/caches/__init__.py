"""What volumes and folders hold that programs fetch or compile once: data, weights, kernels."""
