# Llama, Mistral, Qwen 2 and Qwen 3: grouped heads, rotary positions, gated feed-forward.
model llama for ["llama", "mistral", "qwen2", "qwen3"] : "{family}ForCausalLM" {
  config {
    type = model_type ?? "llama";  family = capital(type);  rms = family + "RMSNorm"
    mistral = type == "mistral";  qwen2 = type == "qwen2";  qwen3 = type == "qwen3"
    H = hidden_size;  L = num_hidden_layers;  F = intermediate_size;  V = vocab_size
    qwen = qwen2 || qwen3;  heads = num_attention_heads;  kv = num_key_value_heads ?? heads
    D = head_dim ?? (if qwen3 then 128 else H / heads);  A = heads * D;  B = kv * D
    P = max_position_embeddings ?? (if mistral then 131072 else if qwen then 32768 else 2048)
    outBias = !mistral && !qwen2 && (attention_bias ?? false);  inBias = outBias || qwen2
    ffnBias = !mistral && !qwen && (mlp_bias ?? false);  tied = tie_word_embeddings ?? false
    eps = rms_norm_eps ?? 1e-6;  windowed = mistral || qwen && (use_sliding_window ?? false)
    window = if windowed then if has(sliding_window) then sliding_window ?? null else 4096 else null
    require heads % kv == 0;  activation = hidden_act ?? "silu";  actClass = classOf(activation) }
  context P;  rope R(dims = D)  # theta and scaling come from the config
  module "model" or "" : "{family}Model" {
    weight table[V, H] = "embed_tokens.weight";  block embed(ids) -> x { return embed(ids, table) }
    each layer i in 0..L "layers.{i}" : "{family}DecoderLayer" nosplit {
      let slides = if !qwen then window != null else if config.layer_types != null
        then config.layer_types[i] == "sliding_attention"
        else window != null && i >= (config.max_window_layers ?? 28);  require !slides || window != null
      module "self_attn" : "{family}Attention" {
        weight q[A, H] = "q_proj.weight" bias inBias;  weight k[B, H] = "k_proj.weight" bias inBias
        weight v[B, H] = "v_proj.weight" bias inBias;  weight o[H, A] = "o_proj.weight" bias outBias
        weight qn[D] = "q_norm.weight" : "{rms}" if qwen3
        weight kn[D] = "k_norm.weight" : "{rms}" if qwen3 }
      module "mlp" : "{family}MLP" {
        weight gate[F, H] = "gate_proj.weight" bias ffnBias
        weight up[F, H] = "up_proj.weight" bias ffnBias
        weight down[H, F] = "down_proj.weight" bias ffnBias;  module "act_fn" : "{actClass}" }
      weight n1[H] = "input_layernorm.weight" : "{rms}"
      weight n2[H] = "post_attention_layernorm.weight" : "{rms}"
      block attention(x) -> x {
        a = rmsnorm(x, n1, eps);  q1 = split(linear(a, q), heads)
        Q = rope(if qwen3 then rmsnorm(q1, qn, eps) else q1, R)
        k1 = split(linear(a, k), kv);  K = rope(if qwen3 then rmsnorm(k1, kn, eps) else k1, R)
        y = attend(Q, K, split(linear(a, v), kv), window = if slides then window else null)
        return x + linear(merge(y), o) }
      block mlp(x) -> x { m = rmsnorm(x, n2, eps)
        return x + linear(glu(linear(m, gate), linear(m, up), activation), down) } }
    weight norm[H] = "norm.weight" : "{rms}";  ignore "layers.*.self_attn.rotary_emb.inv_freq"
    module "rotary_emb" : "{family}RotaryEmbedding" {
      buffer "inv_freq"[D / 2] float32;  buffer "original_inv_freq"[D / 2] float32 } }
  weight head[V, H] = "lm_head.weight" tied to table if tied
  block head(x) -> logits { return linear(rmsnorm(last(x), norm, eps), head) } }
