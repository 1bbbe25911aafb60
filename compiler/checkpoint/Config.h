/// `config.json` (and `generation_config.json`) as a spec sees it: typed look-ups that know where
/// each key stands, `--set` overrides, and one spelling of the rope parameters.
#pragma once

#include "compiler/support/Diagnostics.h"

#include "llvm/Support/JSON.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ashlar {

/// The rope parameters in one spelling, whichever of the three the config uses (rope_theta with
/// rope_scaling, or rope_parameters).
struct RopeConfig {
  std::string type = "default"; // or linear, llama3
  std::optional<double> theta;  // absent: the spec's default
  double factor = 1;
  double lowFrequencyFactor = 1;
  double highFrequencyFactor = 4;
  double originalContext = 0; // original_max_position_embeddings
  double partial = 1;         // partial_rotary_factor
};

class Config {
public:
  /// The value of a key, after overrides; null where it is absent or JSON null.
  const llvm::json::Value *find(llvm::StringRef key) const;
  /// Whether the config holds the key, be it as null; reads it.
  bool has(llvm::StringRef key) const { return find(key) || values.count(key) != 0; }
  /// Where a key stands, in the file or in its override, for carets; the file's start when it is
  /// not there.
  llvm::SMLoc where(llvm::StringRef key) const;
  /// The file's name for messages, "config.json" with its directory.
  llvm::StringRef file() const { return path; }

  llvm::StringRef modelType() const;
  const RopeConfig &rope() const { return ropeConfig; }
  /// Token ids that end a text: generation_config.json's, else config.json's.
  const std::vector<int64_t> &endTokens() const { return ends; }
  llvm::SMLoc endTokensAt() const { return endsAt; }

  /// The method by which the checkpoint is quantised, "unknown" where a config does not name it;
  /// empty where it is not. The key that says so.
  std::string quantization() const;
  llvm::StringRef quantizationKey() const;
  /// Files of Python, in quotes, that the checkpoint would have run to make its model; never run
  /// here.
  const std::vector<std::string> &remoteCode() const { return code; }

  /// Top-level keys that nothing has read and that are not known to be harmless: they may change
  /// results.
  std::vector<std::string> unread() const;

  /// The only top-level key whose value is this integer; empty where none or several have it. Says
  /// where a shape may come from.
  std::string onlyKeyWith(uint64_t value) const;

private:
  friend class ConfigReader;
  std::string path;
  llvm::StringRef text;
  std::map<std::string, llvm::json::Value, std::less<>> values;
  std::map<std::string, llvm::SMLoc, std::less<>> overrides; // where each stands
  mutable std::map<std::string, bool, std::less<>> read;
  RopeConfig ropeConfig;
  std::vector<int64_t> ends;
  llvm::SMLoc endsAt;
  std::vector<std::string> code;
};

/// Reads `DIRECTORY/config.json` (bare NaN and Infinity accepted, as Python writes them) and
/// applies `KEY=VALUE` overrides, whose values are JSON or else plain strings. Refuses what holds
/// several models by the key of the one with the text, and unknown rope types by their name.
std::optional<Config> readConfig(const std::string &directory,
                                 const std::vector<std::string> &overrides, Diagnostics &diags);

/// The rope parameters of a config that is otherwise read.
std::optional<RopeConfig> readRope(const Config &config, Diagnostics &diags);

} // namespace ashlar
