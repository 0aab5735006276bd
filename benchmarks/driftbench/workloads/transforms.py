"""What a model says through transformers and torch: continuations, and hidden states."""

import os

import torch
from outputs import array, emit
from transformers import AutoModelForCausalLM

torch.manual_seed(0)
torch.set_num_threads(1)
model = AutoModelForCausalLM.from_pretrained(os.environ["MODEL"]).eval()
given = torch.tensor([[5, 17, 130, 42, 9, 77]])
with torch.no_grad():
    logits = model(given).logits[0].float().numpy()
    greedy = model.generate(given, max_new_tokens=24, pad_token_id=0, do_sample=False)
    told = model.generate(given, max_new_tokens=24, pad_token_id=0)
emit(
    {
        "logits": array(logits),
        "greedy": greedy[0].tolist(),
        "as told": told[0].tolist(),
        "type": str(next(model.parameters()).dtype),
    }
)
