#include "compiler/checkpoint/Config.h"

#include "compiler/support/Files.h"
#include "compiler/support/Json.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

namespace ashlar {

using llvm::json::Value;

const Value *Config::find(llvm::StringRef key) const {
  auto found = values.find(key.str());
  if (found == values.end())
    return nullptr;
  read[key.str()] = true;
  return found->second.kind() == Value::Null ? nullptr : &found->second;
}

llvm::SMLoc Config::where(llvm::StringRef key) const {
  auto overridden = overrides.find(key.str());
  return overridden != overrides.end() ? overridden->second : locateKey(text, key);
}

llvm::StringRef Config::modelType() const {
  const Value *value = find("model_type");
  return value ? value->getAsString().value_or("") : "";
}

/// Of training, of other libraries, of generation (which has its own options), or a record of how
/// the file came to be: none of them is part of what a model computes. Quantisation is bind's.
static bool isHarmless(llvm::StringRef key) {
  static const llvm::StringLiteral keys[] = {
      "architectures",
      "attention_dropout",
      "auto_map",
      "bad_words_ids",
      "chunk_size_feed_forward",
      "compression_config",
      "diversity_penalty",
      "do_sample",
      "dtype",
      "early_stopping",
      "embd_pdrop",
      "finetuning_task",
      "forced_bos_token_id",
      "gradient_checkpointing",
      "id2label",
      "initializer_factor",
      "initializer_range",
      "is_decoder",
      "is_encoder_decoder",
      "label2id",
      "length_penalty",
      "max_length",
      "max_window_layers",
      "min_length",
      "model_type",
      "no_repeat_ngram_size",
      "num_beam_groups",
      "num_beams",
      "num_return_sequences",
      "output_attentions",
      "output_hidden_states",
      "output_scores",
      "prefix",
      "pretraining_tp",
      "problem_type",
      "pruned_heads",
      "quantization_config",
      "remove_invalid_values",
      "repetition_penalty",
      "resid_pdrop",
      "return_dict",
      "return_dict_in_generate",
      "suppress_tokens",
      "task_specific_params",
      "temperature",
      "tf_legacy_loss",
      "tokenizer_class",
      "top_k",
      "top_p",
      "torch_dtype",
      "torchscript",
      "transformers.js_config",
      "transformers_version",
      "typical_p",
      "unsloth_fixed",
      "unsloth_version",
      "use_bfloat16",
      "use_cache",
  };
  return llvm::is_contained(keys, key) || key.starts_with("_") || key.ends_with("_token_id") ||
         key.ends_with("_dropout") || key.ends_with("_dropout_prob");
}

std::vector<std::string> Config::unread() const {
  // A key that says that nothing special is done.
  auto isFalse = [&](llvm::StringRef key) {
    auto found = values.find(key.str());
    return found != values.end() && found->second == Value(false);
  };
  auto saysNothing = [&](llvm::StringRef key, const Value &value) {
    if (value.kind() == Value::Null || (key == "use_mrope" && value == Value(false)))
      return true;
    if (key == "sliding_window" || key == "use_sliding_window")
      return isFalse("use_sliding_window");
    const llvm::json::Array *types = value.getAsArray();
    return key == "layer_types" && types &&
           llvm::all_of(*types, [](const Value &type) { return type == "full_attention"; });
  };
  std::vector<std::string> keys;
  for (const auto &[key, value] : values)
    if (!read.count(key) && !isHarmless(key) && !saysNothing(key, value))
      keys.push_back(key);
  return keys;
}

llvm::StringRef Config::quantizationKey() const {
  // The older of the two is compressed-tensors' own.
  return find("quantization_config") ? "quantization_config" : "compression_config";
}

std::string Config::quantization() const {
  const Value *value = find(quantizationKey());
  if (!value)
    return "";
  const llvm::json::Object *object = value->getAsObject();
  auto isTrue = [&](llvm::StringRef key) { return object->getBoolean(key).value_or(false); };
  if (object && (isTrue("load_in_4bit") || isTrue("load_in_8bit")))
    return "bitsandbytes"; // which did not always write its name
  std::optional<llvm::StringRef> method = object ? object->getString("quant_method") : std::nullopt;
  return method && !method->empty() ? method->str() : "unknown";
}

std::string Config::onlyKeyWith(uint64_t value) const {
  std::string only;
  for (const auto &[key, candidate] : values)
    if (candidate.getAsUINT64() == value) {
      if (!only.empty())
        return "";
      only = key;
    }
  return only;
}

/// The steps of readConfig, in order.
class ConfigReader {
public:
  ConfigReader(const std::string &directory, Diagnostics &diags)
      : directory(directory), diags(diags) {}
  std::optional<Config> read(const std::vector<std::string> &overrides);

private:
  std::string beside(llvm::StringRef name) const {
    llvm::SmallString<256> path(directory);
    llvm::sys::path::append(path, name);
    return path.str().str();
  }
  bool readFile();
  bool override(const std::string &text);
  bool refuseNested();
  void readRemoteCode();
  bool readEndTokens();
  /// An id or a list of them; false with a message where it is neither.
  bool tokenIds(const Value &value, llvm::SMLoc where);

  const std::string &directory;
  Diagnostics &diags;
  Config config;
};

bool ConfigReader::readFile() {
  config.path = beside("config.json");
  std::optional<llvm::StringRef> text = readText(config.path, Bytes(16 << 20), diags);
  if (!text)
    return false;
  config.text = *text;
  std::optional<Value> json = parseJson(*text, diags);
  if (!json)
    return false;
  llvm::json::Object *object = json->getAsObject();
  if (!object) {
    diags.error(Exit::BadInput, llvm::SMLoc::getFromPointer(text->data()),
                "a config is a JSON object");
    return false;
  }
  for (auto &[key, value] : *object)
    config.values.emplace(key.str(), std::move(value));
  return true;
}

bool ConfigReader::override(const std::string &text) {
  auto [key, value] = llvm::StringRef(diags.add("--set", text)).split('=');
  llvm::SMLoc place = llvm::SMLoc::getFromPointer(key.data());
  if (key.empty() || key.size() == text.size()) {
    diags.error(Exit::BadInput, place, "expected KEY=VALUE");
    return false;
  }
  if (auto [outer, inner] = key.split('.'); !inner.empty()) {
    diags.error(Exit::BadInput, place, "a key within \"" + outer + "\" cannot be set by itself");
    diags.note("set the whole of it: --set '" + outer + "={\"" + inner + "\": …}'");
    return false;
  }
  // What is no JSON is a string: quotes get lost in shells.
  Diagnostics quiet(llvm::nulls());
  std::optional<Value> json = parseJson(quiet.add("", value), quiet);
  if (!json && !llvm::json::isUTF8(value)) {
    diags.error(Exit::BadInput, place, "the value is not UTF-8");
    return false;
  }
  config.values.insert_or_assign(key.str(), json ? std::move(*json) : Value(value.str()));
  config.overrides[key.str()] = place;
  return true;
}

/// Wrappers of several models keep each one's config under a key of its own. A spec reads one.
bool ConfigReader::refuseNested() {
  for (llvm::StringRef key : {"text_config", "language_config", "llm_config"}) {
    const Value *value = config.find(key);
    const llvm::json::Object *inner = value ? value->getAsObject() : nullptr;
    if (!inner)
      continue;
    std::string type = inner->getString("model_type").value_or("").str();
    diags.error(Exit::BadInput, config.where(key),
                "the language model" + (type.empty() ? "" : " (\"" + type + "\")") +
                    " is one part of this checkpoint: its config is nested under \"" + key +
                    "\", which is not read");
    diags.note("make \"" + key +
               "\" a config.json of its own, beside the weights, and name a spec "
               "that has the checkpoint's tensor names with --spec FILE");
    diags.note("where the top level says the same, --set " + key + "=null passes over it");
    return false;
  }
  return true;
}

/// An entry is "REPOSITORY--MODULE.CLASS", of which only the module is of interest.
void ConfigReader::readRemoteCode() {
  const Value *value = config.find("auto_map");
  const llvm::json::Object *map = value ? value->getAsObject() : nullptr;
  if (!map)
    return;
  for (auto &[key, entry] : *map)
    if (std::optional<llvm::StringRef> name = entry.getAsString()) {
      llvm::StringRef local = name->contains("--") ? name->rsplit("--").second : *name;
      config.code.push_back("\"" + local.rsplit('.').first.str() + ".py\"");
    }
  llvm::sort(config.code);
  config.code.erase(std::unique(config.code.begin(), config.code.end()), config.code.end());
}

bool ConfigReader::tokenIds(const Value &value, llvm::SMLoc where) {
  config.endsAt = where;
  auto take = [&](const Value &id) {
    std::optional<double> number = id.getAsNumber();
    bool good = number && *number >= 0 && *number < 4294967296.0 &&
                *number == static_cast<double>(static_cast<int64_t>(*number));
    if (good)
      config.ends.push_back(static_cast<int64_t>(*number));
    else
      diags.error(Exit::BadInput, where, "\"eos_token_id\" must be a token id or a list of them");
    return good;
  };
  if (const llvm::json::Array *list = value.getAsArray())
    return llvm::all_of(*list, take);
  return take(value);
}

bool ConfigReader::readEndTokens() {
  const Value *own = config.find("eos_token_id");
  std::string path = beside("generation_config.json");
  if (!config.overrides.count("eos_token_id") && !isAbsent(path)) {
    std::optional<llvm::StringRef> text = readText(path, Bytes(1 << 20), diags);
    if (!text)
      return false;
    std::optional<Value> json = parseJson(*text, diags);
    if (!json)
      return false;
    const llvm::json::Object *object = json->getAsObject();
    const Value *value = object ? object->get("eos_token_id") : nullptr;
    if (value && value->kind() != Value::Null)
      return tokenIds(*value, locateKey(*text, "eos_token_id"));
  }
  return !own || tokenIds(*own, config.where("eos_token_id"));
}

std::optional<Config> ConfigReader::read(const std::vector<std::string> &overrides) {
  if (!readFile())
    return std::nullopt;
  for (const std::string &text : overrides)
    if (!override(text))
      return std::nullopt;
  if (!refuseNested())
    return std::nullopt;
  readRemoteCode();
  if (!readEndTokens())
    return std::nullopt;
  std::optional<RopeConfig> rope = readRope(config, diags);
  if (!rope)
    return std::nullopt;
  config.ropeConfig = *rope;
  return std::move(config);
}

std::optional<Config> readConfig(const std::string &directory,
                                 const std::vector<std::string> &overrides, Diagnostics &diags) {
  return ConfigReader(directory, diags).read(overrides);
}

} // namespace ashlar
