// Specs: what is read prints as text that reads back as the same spec, and checking it against a
// config ends in a model or says why not.
#include "tests/fuzz/Fuzz.h"

#include "compiler/checkpoint/Config.h"
#include "compiler/spec/Model.h"
#include "compiler/spec/Spec.h"

#include "llvm/ADT/StringExtras.h"

using namespace ashlar;

static constexpr llvm::StringLiteral ConfigText = R"({
  "model_type": "llama", "hidden_size": 8, "num_hidden_layers": 2, "intermediate_size": 12,
  "vocab_size": 16, "num_attention_heads": 2, "num_key_value_heads": 1, "rms_norm_eps": 1e-5,
  "max_position_embeddings": 32, "hidden_act": "silu", "tie_word_embeddings": true,
  "eos_token_id": 2, "rope_theta": 10000.0, "n_embd": 8, "n_layer": 2, "n_head": 2
})";

static std::string textOf(const spec::File &file) {
  std::string text;
  llvm::raw_string_ostream out(text);
  print(file, out);
  return text;
}

/// Whether a range of the text may be one of a hundred thousand layers: allowed, and a second long.
static bool isLarge(llvm::StringRef text) {
  size_t digits = 0;
  for (char c : text) {
    digits = llvm::isDigit(c) ? digits + 1 : 0;
    if (digits > 3)
      return true;
  }
  return false;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fuzz::Directory directory;
  static fuzz::File config;
  if (static bool once = false; !once) {
    once = true;
    config.hold(ConfigText);
    directory.add("config.json", config);
  }

  fuzz::Quiet quiet;
  auto file = parseSpec(quiet.diags.add("input", fuzz::input(data, size)), quiet.diags);
  if (!quiet.took(file))
    return 0;
  std::string text = textOf(*file);
  fuzz::Quiet again;
  auto reread = parseSpec(again.diags.add("printed", text), again.diags);
  fuzz::require(again.took(reread), "a printed spec is refused", again.text + text);
  fuzz::require(textOf(*reread) == text, "a printed spec prints otherwise", text);

  if (isLarge(text))
    return 0;
  auto values = readConfig(directory.path, {}, quiet.diags);
  fuzz::require(values.has_value(), "the config is refused", quiet.text);
  auto model = check(*file, *values, quiet.diags);
  if (quiet.took(model))
    fuzz::printed(*model);
  return 0;
}
