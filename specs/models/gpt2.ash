# GPT-2 and DialoGPT: learned positions, one product for queries, keys and values.
model gpt2 for ["gpt2"] : GPT2LMHeadModel {
  config {
    H = n_embd;  L = n_layer;  V = vocab_size;  P = n_positions;  heads = n_head
    F = n_inner ?? 4 * H;  eps = layer_norm_epsilon ?? 1e-5;  tied = tie_word_embeddings ?? true
    activation = activation_function ?? "gelu_new";  actClass = classOf(activation)
    scale = if scale_attn_weights ?? true then 1 / sqrt(H / heads) else 1.0
    byLayer = scale_attn_by_inverse_layer_idx ?? false;  require !(add_cross_attention ?? false)
    # All is computed in f32, where the order of scaling changes nothing.
    ignore "reorder_and_upcast_attn", "n_ctx", "attn_pdrop", "summary_*"
  }
  context P
  module "transformer" or "" : GPT2Model {
    weight table[V, H] = "wte.weight"
    weight places[P, H] = "wpe.weight"
    module "drop" : Dropout
    block embed(ids) -> x { return embed(ids, table) + positions(places) }
    each layer i in 0..L "h.{i}" : GPT2Block nosplit {
      weight n1[H] = "ln_1.weight" bias true
      module "attn" : GPT2Attention {
        weight qkv[3 * H, H] = "c_attn.weight" : Conv1D transposed bias true
        weight o[H, H] = "c_proj.weight" : Conv1D transposed bias true
        module "attn_dropout" : Dropout;  module "resid_dropout" : Dropout
      }
      weight n2[H] = "ln_2.weight" bias true
      module "mlp" : GPT2MLP {
        weight up[F, H] = "c_fc.weight" : Conv1D transposed bias true
        weight down[H, F] = "c_proj.weight" : Conv1D transposed bias true
        module "act" : "{actClass}";  module "dropout" : Dropout
      }
      block attention(x) -> x {
        a = linear(layernorm(x, n1, eps), qkv);  q = split(a[0..H], heads)
        k = split(a[H..2 * H], heads);  v = split(a[2 * H..3 * H], heads)
        y = attend(q, k, v, scale = if byLayer then scale / (i + 1) else scale)
        return x + linear(merge(y), o)
      }
      block mlp(x) -> x {
        return x + linear(act(linear(layernorm(x, n2, eps), up), activation), down) } }
    weight norm[H] = "ln_f.weight" bias true
    ignore "h.*.attn.bias";  ignore "h.*.attn.masked_bias"
  }
  weight head[V, H] = "lm_head.weight" tied to table if tied
  block head(x) -> logits { return linear(layernorm(last(x), norm, eps), head) }
}
