# Linear layers with an activation between them: torch.nn.Sequential(Linear, ReLU, Linear, …).
model mlp for ["mlp"] : Sequential {
  config {
    N = count(sizes) - 1;  biased = bias ?? true;  between = activation ?? "relu"
    behind = last_activation ?? null;  require N >= 1
  }
  input x[config.sizes[0]]
  # Sequential numbers its modules, activations included.
  each layer i in 0..N {
    let linearAt = 2 * i;  let activationAt = 2 * i + 1
    let used = if i + 1 < N then between else behind
    weight w[config.sizes[i + 1], config.sizes[i]] = "{linearAt}.weight" bias biased
    if used != null {
      # torch.nn has classes of its own for what Transformers calls otherwise.
      let actClass = if used == "silu" then "SiLU" else if used == "gelu" ||
        used == "gelu_pytorch_tanh" then "GELU" else classOf(used)
      module "{activationAt}" : "{actClass}"
    }
    block dense(x) -> new x {
      y = linear(x, w)
      return if used != null then act(y, used) else y
    }
  }
}
