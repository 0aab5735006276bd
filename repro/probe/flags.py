"""Names of the command-line flags that move outputs: their values are kept, no others'."""

# vLLM "Engine Arguments" and arg_utils.py of several releases.
VLLM = """
model tokenizer tokenizer-mode tokenizer-revision revision code-revision hf-config-path
hf-overrides config-format load-format dtype quantization kv-cache-dtype calculate-kv-scales
max-model-len seed tensor-parallel-size pipeline-parallel-size data-parallel-size
expert-parallel-size prefill-context-parallel-size decode-context-parallel-size
distributed-executor-backend max-num-seqs max-num-batched-tokens max-num-partial-prefills
gpu-memory-utilization block-size swap-space cpu-offload-gb num-gpu-blocks-override
max-seq-len-to-capture chat-template chat-template-content-format default-chat-template-kwargs
generation-config override-generation-config attention-backend attention-config compilation-config
cudagraph-capture-sizes max-cudagraph-capture-size optimization-level kernel-config
speculative-config speculative-model num-speculative-tokens rope-scaling rope-theta runner convert
task pooler-config override-pooler-config limit-mm-per-prompt mm-processor-kwargs media-io-kwargs
guided-decoding-backend structured-outputs-config reasoning-parser tool-call-parser response-role
max-logprobs logprobs-mode logits-processor-pattern logits-processors lora-modules lora-dtype
max-lora-rank max-loras model-impl scheduling-policy scheduler-cls worker-cls device moe-backend
all2all-backend linear-backend mamba-cache-dtype mamba-ssm-cache-dtype prefix-caching-hash-algo
additional-config served-model-name model-loader-extra-config
"""

# SGLang "Server Arguments" and server_args.py.
SGLANG = """
model-path tokenizer-path tp-size tp pp-size dp-size ep-size context-length
quantization-param-path mem-fraction-static chunked-prefill-size max-prefill-tokens
max-running-requests page-size random-seed sampling-defaults sampling-backend grammar-backend
prefill-attention-backend decode-attention-backend mm-attention-backend fp8-gemm-backend
fp4-gemm-backend moe-runner-backend moe-a2a-backend nsa-prefill-backend nsa-decode-backend
speculative-algorithm speculative-draft-model-path speculative-draft-model-revision
speculative-num-steps speculative-eagle-topk speculative-num-draft-tokens
speculative-attention-mode json-model-override-args torchao-config cuda-graph-max-bs cuda-graph-bs
triton-attention-num-kv-splits triton-attention-split-tile-size num-continuous-decode-steps
preferred-sampling-params lora-paths schedule-policy kv-cache-quant-method completion-template
rl-on-policy-target
"""

# Text Generation Inference "Launcher arguments"; Text Embeddings Inference "CLI arguments".
TGI = """
model-id quantize num-shard speculate max-input-tokens max-input-length max-total-tokens
max-batch-prefill-tokens max-batch-total-tokens rope-factor tokenizer-config-path cuda-graphs
cuda-memory-fraction pooling default-prompt default-prompt-name max-batch-tokens attention
prefix-caching tokenization-workers dense-path
"""

# llama.cpp tools/server/README.md.
LLAMA_CPP = """
hf-repo hf-file model-url ctx-size batch-size ubatch-size threads threads-batch flash-attn
cache-type-k cache-type-v n-gpu-layers gpu-layers split-mode tensor-split main-gpu temp
temperature top-k top-p min-p typical repeat-penalty repeat-last-n presence-penalty
frequency-penalty mirostat dynatemp-range samplers sampler-seq sampling-seq xtc-probability
dry-multiplier logit-bias grammar grammar-file json-schema rope-scale rope-freq-base
rope-freq-scale yarn-orig-ctx override-kv lora control-vector chat-template-file
chat-template-kwargs reasoning-format reasoning-budget parallel n-predict predict keep draft
draft-max draft-min draft-p-min model-draft mmproj numa cpu-moe n-cpu-moe system-prompt-file
"""

# Triton Inference Server, TensorRT-LLM "trtllm-serve", Hugging Face "transformers serve".
OTHERS = """
model-repository backend backend-config max-beam-width max-batch-size extra-llm-api-options config
kv-cache-free-gpu-memory-fraction attn-implementation torch-dtype tokenizer-name
"""

VALUED = frozenset(" ".join((VLLM, SGLANG, TGI, LLAMA_CPP, OTHERS)).split())
"""Flags whose value is kept; `_` counts as `-`."""

# Flags that stand alone, so that the word after one is no value of it; same sources.
SWITCHES = frozenset(
    """
enforce-eager trust-remote-code disable-custom-all-reduce enable-prefix-caching
no-enable-prefix-caching enable-chunked-prefill no-enable-chunked-prefill enable-expert-parallel
disable-sliding-window disable-cascade-attn skip-tokenizer-init enable-prompt-embeds enable-lora
enable-auto-tool-choice use-v2-block-manager disable-log-stats disable-log-requests
async-scheduling no-async-scheduling enable-eplb trust-request-chat-template enable-sleep-mode
disable-hybrid-kv-cache-manager enable-deterministic-inference disable-cuda-graph
disable-radix-cache disable-overlap-schedule enable-torch-compile enable-mixed-chunk
enable-dp-attention enable-fp32-lm-head disable-chunked-prefix-cache disable-flashinfer
triton-attention-reduce-in-fp32 enable-flashinfer-allreduce-fusion is-embedding enable-multimodal
enable-nccl-nvls enable-symm-mem disable-cuda-graph-padding enable-p2p-check allow-auto-truncate
jinja no-jinja no-kv-offload no-mmap mlock embedding embeddings reranking no-warmup context-shift
no-context-shift swa-full kv-unified cont-batching no-cont-batching ignore-eos special
auto-truncate disable-custom-kernels json-output verbose
""".split()  # noqa: SIM905 - words read better than a list.
)

SHORT = {
    "-tp": "--tensor-parallel-size",
    "-pp": "--pipeline-parallel-size",
    "-dp": "--data-parallel-size",
    "-O": "--optimization-level",
    "-cc": "--compilation-config",
    "-q": "--quantization",
    "-m": "--model",
    "-c": "--ctx-size",
    "-b": "--batch-size",
    "-ub": "--ubatch-size",
    "-t": "--threads",
    "-tb": "--threads-batch",
    "-fa": "--flash-attn",
    "-ctk": "--cache-type-k",
    "-ctv": "--cache-type-v",
    "-ngl": "--n-gpu-layers",
    "-sm": "--split-mode",
    "-ts": "--tensor-split",
    "-mg": "--main-gpu",
    "-hf": "--hf-repo",
    "-hff": "--hf-file",
    "-mu": "--model-url",
    "-md": "--model-draft",
    "-s": "--seed",
    "-np": "--parallel",
    "-n": "--n-predict",
}
"""Short forms in vLLM's and llama.cpp's documentation; other short flags keep their own name."""
