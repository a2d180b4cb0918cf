"""The loss of model.py and its gradients, several times faster on a CPU with bfloat16 products (AVX512_BF16, AMX).

Products run in bfloat16, everything between them in kernels.c; the residual stream, the weights and the softmax over
the vocabulary stay float. `python3 fast.py` compares it with autograd over model.py and prints both speeds.
"""
import ctypes
import os
import subprocess

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))


def build():
    source, library = os.path.join(HERE, "kernels.c"), os.path.join(HERE, "work", "kernels.so")
    if not os.path.exists(library) or os.path.getmtime(library) < os.path.getmtime(source):
        os.makedirs(os.path.dirname(library), exist_ok=True)
        part = f"{library}.{os.getpid()}"
        subprocess.run(["cc", "-Ofast", "-march=native", "-mprefer-vector-width=512", "-shared", "-fPIC", "-o", part, source, "-lm"], check=True)
        os.replace(part, library)
    return ctypes.CDLL(library)


def passed(value):
    if value is None:
        return ctypes.c_void_p(None)
    if isinstance(value, torch.Tensor):
        assert value.is_contiguous()
        return ctypes.c_void_p(value.data_ptr())
    return ctypes.c_float(value) if isinstance(value, float) else ctypes.c_long(value)


class Kernels:
    def __init__(self):
        self.library = build()

    def __getattr__(self, name):
        function = getattr(self.library, name)
        return lambda *values: function(*map(passed, values))


def half(*shape):
    return torch.empty(shape, dtype=torch.bfloat16)


@torch.no_grad()
def block_forward(c, block, x, change, cos, sin, batch):
    """x: the residual stream, changed in place. -> what the block adds, and what the way back needs"""
    kernel, n, weight = kernels(), len(x), {name: getattr(block, name).weight.bfloat16() for name in ("qkv", "out", "gate_up", "down")}
    first, first_inverse = half(n, c.hidden), torch.empty(n)
    kernel.add_norm(x, change, block.attn_norm.weight, first, first_inverse, c.eps, n, c.hidden)
    x_first = x.clone()
    qkv = first @ weight["qkv"].t()
    mixed, logs = half(n, c.heads * c.head_size), torch.empty(n * c.heads)
    kernel.attend(qkv, block.qkv.bias, cos, sin, mixed, logs, batch, n // batch, c.heads, c.kv_heads)
    second, second_inverse = half(n, c.hidden), torch.empty(n)
    kernel.add_norm(x, mixed @ weight["out"].t(), block.ffn_norm.weight, second, second_inverse, c.eps, n, c.hidden)
    x_second = x.clone()
    gate_up = second @ weight["gate_up"].t()
    gated = half(n, c.ffn)
    kernel.gate(gate_up, gated, n, c.ffn)
    return gated @ weight["down"].t(), (weight, x_first, first, first_inverse, qkv, mixed, logs, x_second, second, second_inverse, gate_up, gated)


@torch.no_grad()
def block_backward(c, block, kept, dx, rounded, cos, sin, batch):
    """dx: gradient of the residual stream, changed in place; rounded: the same in bfloat16."""
    weight, x_first, first, first_inverse, qkv, mixed, logs, x_second, second, second_inverse, gate_up, gated = kept
    kernel, n = kernels(), len(dx)
    dgated = rounded @ weight["down"]
    block.down.weight.grad = (rounded.t() @ gated).float()
    dgate_up = half(n, 2 * c.ffn)
    kernel.gate_back(gate_up, dgated, dgate_up, n, c.ffn)
    block.gate_up.weight.grad = (dgate_up.t() @ second).float()
    block.ffn_norm.weight.grad = torch.zeros(c.hidden)
    kernel.norm_back(dx, rounded, x_second, dgate_up @ weight["gate_up"], block.ffn_norm.weight, block.ffn_norm.weight.grad, second_inverse, n, c.hidden)
    dmixed = rounded @ weight["out"]
    block.out.weight.grad = (rounded.t() @ mixed).float()
    dqkv, block.qkv.bias.grad = half(*qkv.shape), torch.zeros(qkv.shape[1])
    kernel.attend_back(qkv, block.qkv.bias, cos, sin, mixed, dmixed, logs, dqkv, block.qkv.bias.grad, batch, n // batch, c.heads, c.kv_heads)
    block.qkv.weight.grad = (dqkv.t() @ first).float()
    block.attn_norm.weight.grad = torch.zeros(c.hidden)
    kernel.norm_back(dx, rounded, x_first, dqkv @ weight["qkv"], block.attn_norm.weight, block.attn_norm.weight.grad, first_inverse, n, c.hidden)


_kernels = []


def kernels():
    if not _kernels:
        _kernels.append(Kernels())
    return _kernels[0]


def loss_and_gradients(net, ids, positions, weights):
    """Like net.loss(...).backward(); the length must be a multiple of 16. -> loss"""
    c, (batch, length) = net.config, ids.shape
    cos, sin = net.cos[positions].contiguous(), net.sin[positions].contiguous()
    x = net.embed.weight.detach()[ids.reshape(-1)]
    change, kept = None, []
    for block in net.blocks:
        change, some = block_forward(c, block, x, change, cos, sin, batch)
        kept.append(some)
    x += change
    # the last position predicts nothing
    counted = torch.cat((weights[:, 1:] > 0, torch.zeros(batch, 1, dtype=torch.bool)), 1).reshape(-1)
    picked = x[counted].requires_grad_()
    embed = net.embed.weight
    embed.grad = net.norm.weight.grad = None
    losses = F.cross_entropy(net.norm(picked) @ embed.t(), ids.roll(-1, 1).reshape(-1)[counted], reduction="none")
    share = weights.roll(-1, 1).reshape(-1)[counted]
    loss = (losses * share).sum() / share.sum()
    loss.backward()
    dx = torch.zeros_like(x)
    dx[counted] = picked.grad
    rounded = dx.bfloat16()
    for block, some in zip(reversed(net.blocks), reversed(kept)):
        block_backward(c, block, some, dx, rounded, cos, sin, batch)
    embed.grad.index_add_(0, ids.reshape(-1), dx)
    return loss.item()


def main():
    import random
    import time

    from batches import batches
    from model import Config, Qwen2
    from tokenizer import Tokenizer
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net, source = Qwen2(Config()), batches(Tokenizer.load(os.path.join(HERE, "tokenizer.json")), random.Random(1), 2048, 448)
    some = [next(source) for _ in range(20)]
    for p in net.parameters():   # away from the special values of the start
        p.data += 0.02 * torch.randn_like(p)
    for ids, positions, weights in some[:4]:
        net.zero_grad(set_to_none=True)
        slow = net.loss(ids, positions, weights)
        slow.backward()
        want = {name: p.grad.clone() for name, p in net.named_parameters()}
        quick = loss_and_gradients(net, ids, positions, weights)
        worst = min((F.cosine_similarity(p.grad.reshape(-1), want[name].reshape(-1), 0).item(), name) for name, p in net.named_parameters())
        print(f"loss {slow.item():.5f} {quick:.5f}, least agreement of a gradient: cosine {worst[0]:.5f} ({worst[1]})")
    for name, step in (("autograd", lambda b: net.loss(*b).backward()), ("fast", lambda b: loss_and_gradients(net, *b))):
        step(some[0])
        start = time.process_time()
        for b in some:
            step(b)
        print(f"{name}: {sum(i.numel() for i, _, _ in some) / (time.process_time() - start):.0f} tokens/s of one core")


if __name__ == "__main__":
    main()
