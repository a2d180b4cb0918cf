"""The two optimizers: Muon for weight matrices, Adam for embeddings, norms and biases.

Both keep their state in shared memory, so that two processes can each update a part of the parameters."""
import torch


class Muon:
    """Momentum whose update is made orthogonal (Newton-Schulz iteration), for matrices of one shape.
    Three steps over a matrix cost as much as hundreds of tokens: so large batches are cheaper."""

    def __init__(self, parameters, momentum=0.95, decay=0.05):
        self.parameters, self.momentum, self.decay = parameters, momentum, decay
        self.velocity = [torch.zeros_like(p).share_memory_() for p in parameters]

    @torch.no_grad()
    def step(self, gradients, rate):
        for parameter, velocity, gradient in zip(self.parameters, self.velocity, gradients):
            velocity.mul_(self.momentum).add_(gradient)
            x = gradient.add(velocity, alpha=self.momentum)
            rows, columns = x.shape
            x = x.t() if rows > columns else x
            x = (x / (x.norm() + 1e-7)).bfloat16().contiguous()
            for _ in range(5):
                square = x @ x.t()
                x = torch.addmm(x, torch.addmm(square, square, square, beta=-4.775, alpha=2.0315), x, beta=3.4445)
            x = x.float()
            x = x.t() if rows > columns else x
            parameter.mul_(1 - rate * self.decay).add_(x, alpha=-rate * max(1, rows / columns) ** 0.5)


class Adam:
    def __init__(self, parameters, betas=(0.9, 0.98), eps=1e-8):
        self.parameters, self.betas, self.eps, self.steps = parameters, betas, eps, 0
        self.mean = [torch.zeros_like(p).share_memory_() for p in parameters]
        self.variance = [torch.zeros_like(p).share_memory_() for p in parameters]

    @torch.no_grad()
    def step(self, gradients, rate):
        self.steps += 1
        first, second = self.betas
        for parameter, mean, variance, gradient in zip(self.parameters, self.mean, self.variance, gradients):
            mean.lerp_(gradient, 1 - first)
            variance.lerp_(gradient.square(), 1 - second)
            step = mean / (1 - first ** self.steps) / (variance / (1 - second ** self.steps)).sqrt().add_(self.eps)
            parameter.sub_(step, alpha=rate)
