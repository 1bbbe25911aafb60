#include "compiler/checkpoint/Config.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

namespace ashlar {

namespace {

class RopeReader {
public:
  RopeReader(const Config &config, Diagnostics &diags) : config(config), diags(diags) {}
  std::optional<RopeConfig> read();

private:
  bool fail(const llvm::Twine &what) {
    diags.error(Exit::BadInput, config.where(source), what);
    return false;
  }
  bool findParameters();
  bool oneOfNested();
  bool findType(std::string &type);
  /// The number under a key of the parameters; absent and null leave `into` as it is.
  bool number(llvm::StringRef key, std::optional<double> &into);
  bool positive(llvm::StringRef key, const std::optional<double> &value);
  bool required(llvm::StringRef key, double &into, llvm::StringRef type);
  /// The same for a number that may also stand at the top level of the config.
  bool topLevel(llvm::StringRef key, std::optional<double> &into);
  bool originalContext(RopeConfig &rope);
  void warnAboutUnknownKeys();

  const Config &config;
  Diagnostics &diags;
  llvm::StringRef source = "rope_parameters"; // the key that holds the parameters
  const llvm::json::Object *parameters = nullptr;
};

} // namespace

bool RopeReader::findParameters() {
  // Read first even where both are there: transformers prefers it.
  for (llvm::StringRef key : {"rope_scaling", "rope_parameters"}) {
    const llvm::json::Value *value = config.find(key);
    if (!value || parameters)
      continue;
    source = key;
    if (!value->getAsObject())
      return fail("\"" + key + "\" must be an object");
    if (!value->getAsObject()->empty())
      parameters = value->getAsObject();
  }
  return !parameters || oneOfNested();
}

/// The parameters may be nested by layer type. A model has one rope here, so they must be equal.
bool RopeReader::oneOfNested() {
  std::vector<std::string> types;
  for (auto &[key, value] : *parameters)
    if (value.getAsObject())
      types.push_back(key.str());
  if (types.empty())
    return true;
  llvm::sort(types); // a JSON object has no order of its own
  const llvm::json::Value *first = parameters->get(types.front());
  for (auto &[key, value] : *parameters)
    if (value != *first) {
      fail("\"" + source + "\" differs between layer types: " + llvm::join(types, ", "));
      diags.note("models with one rope for all layers are supported; --set '" + source.str() +
                 "={…}' gives one");
      return false;
    }
  parameters = first->getAsObject();
  return true;
}

bool RopeReader::findType(std::string &type) {
  for (llvm::StringRef key : {"type", "rope_type"}) // the newer name wins
    if (const llvm::json::Value *value = parameters->get(key);
        value && value->kind() != llvm::json::Value::Null) {
      if (!value->getAsString())
        return fail("\"" + key + "\" in \"" + source + "\" must be a string");
      type = value->getAsString()->str();
    }
  if (llvm::is_contained({"default", "linear", "llama3"}, type))
    return true;
  fail("rope type \"" + type + "\" is not supported");
  diags.note("supported are default, linear and llama3");
  return false;
}

bool RopeReader::number(llvm::StringRef key, std::optional<double> &into) {
  const llvm::json::Value *value = parameters ? parameters->get(key) : nullptr;
  if (!value || value->kind() == llvm::json::Value::Null)
    return true;
  into = value->getAsNumber();
  if (!into)
    return fail("\"" + key + "\" in \"" + source + "\" must be a number");
  return positive(key, into);
}

bool RopeReader::positive(llvm::StringRef key, const std::optional<double> &value) {
  return (std::isfinite(*value) && *value > 0) || fail("\"" + key + "\" must be above zero");
}

bool RopeReader::required(llvm::StringRef key, double &into, llvm::StringRef type) {
  std::optional<double> value;
  if (!number(key, value))
    return false;
  if (!value)
    return fail("rope type \"" + type + "\" needs \"" + key + "\" in \"" + source + "\"");
  into = *value;
  return true;
}

bool RopeReader::topLevel(llvm::StringRef key, std::optional<double> &into) {
  const llvm::json::Value *value = config.find(key);
  if (!value)
    return true;
  into = value->getAsNumber();
  llvm::StringRef inner = source;
  source = key; // where a message points
  bool good = into ? positive(key, into) : fail("\"" + key + "\" must be a number");
  source = inner;
  return good;
}

/// transformers lets the top level win here, and falls back on the model's own limit.
bool RopeReader::originalContext(RopeConfig &rope) {
  std::optional<double> context;
  if (!topLevel("max_position_embeddings", context) ||
      !number("original_max_position_embeddings", context) ||
      !topLevel("original_max_position_embeddings", context))
    return false;
  if (!context)
    return fail("rope type \"" + rope.type + "\" needs \"original_max_position_embeddings\"");
  rope.originalContext = *context;
  return true;
}

void RopeReader::warnAboutUnknownKeys() {
  static const llvm::StringLiteral known[] = {
      "rope_type",        "type",
      "rope_theta",       "partial_rotary_factor",
      "factor",           "low_freq_factor",
      "high_freq_factor", "original_max_position_embeddings"};
  std::vector<std::string> unknown;
  for (auto &[key, value] : *parameters)
    if (!llvm::is_contained(known, key.str()) && value.kind() != llvm::json::Value::Null)
      unknown.push_back("\"" + key.str() + "\"");
  llvm::sort(unknown);
  if (!unknown.empty())
    diags.warning(config.where(source), "\"" + source + "\" holds " + llvm::join(unknown, ", ") +
                                            ", which nothing here reads");
}

std::optional<RopeConfig> RopeReader::read() {
  RopeConfig rope;
  std::optional<double> partial;
  if (!findParameters() || !topLevel("rope_theta", rope.theta) || !number("rope_theta", rope.theta))
    return std::nullopt;
  if (!topLevel("partial_rotary_factor", partial) || !number("partial_rotary_factor", partial))
    return std::nullopt;
  rope.partial = partial.value_or(1);
  if (rope.partial > 1) {
    fail("\"partial_rotary_factor\" must not be above one");
    return std::nullopt;
  }
  if (!parameters)
    return rope;
  if (!findType(rope.type))
    return std::nullopt;
  warnAboutUnknownKeys();
  if (rope.type == "default")
    return rope;
  if (!required("factor", rope.factor, rope.type))
    return std::nullopt;
  if (rope.type == "linear")
    return rope;
  if (!required("low_freq_factor", rope.lowFrequencyFactor, rope.type) ||
      !required("high_freq_factor", rope.highFrequencyFactor, rope.type) || !originalContext(rope))
    return std::nullopt;
  if (rope.highFrequencyFactor <= rope.lowFrequencyFactor) {
    fail("\"high_freq_factor\" must be above \"low_freq_factor\"");
    return std::nullopt;
  }
  return rope;
}

std::optional<RopeConfig> readRope(const Config &config, Diagnostics &diags) {
  return RopeReader(config, diags).read();
}

} // namespace ashlar
