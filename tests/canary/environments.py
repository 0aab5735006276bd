"""Pins of the virtual environments that tests of canaries share, so that each is built once."""

TORCH = ("torch==2.13.0+cpu", "numpy==2.1.3", "transformers==4.57.1")
TORCH_LATER = ("torch==2.13.0+cpu", "numpy==2.1.3", "transformers==5.5.0")
"""The same torch with the next major release of transformers."""
JAX_OLD = ("jax==0.4.38", "jaxlib==0.4.38", "numpy==2.0.2")
JAX_NEW = ("jax==0.6.2", "jaxlib==0.6.2", "numpy==2.0.2")
ONNX_OLD = ("onnxruntime==1.17.3", "numpy==1.26.4")
ONNX_NEW = ("onnxruntime==1.22.0", "numpy==1.26.4")
"""Without what they ask for beside NumPy: it is not needed to run a graph."""
CTRANSLATE2_OLD = ("ctranslate2==3.24.0", "numpy==1.26.4")
CTRANSLATE2 = ("ctranslate2==4.3.1", "numpy==1.26.4")
CTRANSLATE2_NEW = ("ctranslate2==4.6.0", "numpy==1.26.4")
