# OPT: learned positions from row 2 on; norms before each part of a layer, or behind it (350m).
model opt for ["opt"] : OPTForCausalLM {
  config {
    H = hidden_size;  L = num_hidden_layers;  F = ffn_dim;  V = vocab_size;  eps = 1e-5
    heads = num_attention_heads;  P = max_position_embeddings;  require H % heads == 0
    E = word_embed_proj_dim ?? H;  projected = E != H;  tied = tie_word_embeddings ?? true
    biased = enable_bias ?? true;  affine = layer_norm_elementwise_affine ?? true
    before = do_layer_norm_before ?? true;  final = before && !(_remove_final_layer_norm ?? false)
    activation = activation_function ?? "relu";  actClass = classOf(activation)
    ignore "dropout", "layerdrop", "init_std"
  }
  context P
  module "model" or "" : OPTModel {
    module "decoder" : OPTDecoder {
      weight table[V, E] = "embed_tokens.weight"
      weight places[P + 2, H] = "embed_positions.weight" : OPTLearnedPositionalEmbedding
      weight leave[E, H] = "project_out.weight" if projected
      weight enter[H, E] = "project_in.weight" if projected
      if final { module "final_layer_norm" : LayerNorm {
        weight n[H] = "weight" bias true if affine } }
      block embed(ids) -> x { t = embed(ids, table)
        return (if projected then linear(t, enter) else t) + positions(places, offset = 2) }
      each layer i in 0..L "layers.{i}" : OPTDecoderLayer nosplit {
        module "self_attn" : OPTAttention {
          weight k[H, H] = "k_proj.weight" bias biased
          weight v[H, H] = "v_proj.weight" bias biased
          weight q[H, H] = "q_proj.weight" bias biased
          weight o[H, H] = "out_proj.weight" bias biased }
        module "activation_fn" : "{actClass}"
        module "self_attn_layer_norm" : LayerNorm { weight n1[H] = "weight" bias true if affine }
        weight up[F, H] = "fc1.weight" bias biased;  weight down[H, F] = "fc2.weight" bias biased
        module "final_layer_norm" : LayerNorm { weight n2[H] = "weight" bias true if affine }
        block attention(x) -> x {
          a = if before then layernorm(x, n1, eps) else x;  Q = split(linear(a, q), heads)
          y = attend(Q, split(linear(a, k), heads), split(linear(a, v), heads))
          r = x + linear(merge(y), o)
          return if before then r else layernorm(r, n1, eps) }
        block mlp(x) -> x {
          m = if before then layernorm(x, n2, eps) else x
          r = x + linear(act(linear(m, up), activation), down)
          return if before then r else layernorm(r, n2, eps) } } } }
  weight head[V, E] = "lm_head.weight" tied to table if tied
  block head(x) -> logits {
    y = if final then layernorm(last(x), n, eps) else last(x)
    return linear(if projected then linear(y, leave) else y, head) } }
