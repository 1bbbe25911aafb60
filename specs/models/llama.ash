# Llama 2 and 3: grouped heads, rotary positions, gated feed-forward.
model llama for ["llama"] {
  config {
    H = hidden_size;  L = num_hidden_layers;  F = intermediate_size;  V = vocab_size
    heads = num_attention_heads;  kv = num_key_value_heads ?? heads;  D = head_dim ?? H / heads
    eps = rms_norm_eps ?? 1e-6;  tied = tie_word_embeddings ?? false
    attentionBias = attention_bias ?? false;  mlpBias = mlp_bias ?? false
    require hidden_act ?? "silu" == "silu";  require heads % kv == 0
  }
  context config.max_position_embeddings ?? 2048
  rope R(dims = D)  # theta and scaling come from the config
  module "model" : LlamaModel {
    weight table[V, H] = "embed_tokens.weight"
    block embed(ids) -> x { return embed(ids, table) }
    each layer i in 0..L "layers.{i}" : LlamaDecoderLayer nosplit {
      module "self_attn" : LlamaAttention {
        weight q[heads * D, H] = "q_proj.weight" bias attentionBias
        weight k[kv * D, H] = "k_proj.weight" bias attentionBias
        weight v[kv * D, H] = "v_proj.weight" bias attentionBias
        weight o[H, heads * D] = "o_proj.weight" bias attentionBias
      }
      module "mlp" : LlamaMLP {
        weight gate[F, H] = "gate_proj.weight" bias mlpBias
        weight up[F, H] = "up_proj.weight" bias mlpBias
        weight down[H, F] = "down_proj.weight" bias mlpBias
      }
      weight n1[H] = "input_layernorm.weight";  weight n2[H] = "post_attention_layernorm.weight"
      block attention(x) -> x {
        a = rmsnorm(x, n1, eps)
        Q = rope(split(linear(a, q), heads), R)
        K = rope(split(linear(a, k), kv), R)
        return x + linear(merge(attend(Q, K, split(linear(a, v), kv), scale = 1 / sqrt(D))), o)
      }
      block mlp(x) -> x {
        m = rmsnorm(x, n2, eps)
        return x + linear(glu(linear(m, gate), linear(m, up), silu), down)
      }
    }
    weight norm[H] = "norm.weight"
    module "rotary_emb" : LlamaRotaryEmbedding { }
  }
  weight head[V, H] = "lm_head.weight" tied to table if tied
  block head(x) -> logits { return linear(rmsnorm(last(x), norm, eps), head) }
  ignore "model.layers.*.self_attn.rotary_emb.inv_freq"
}
