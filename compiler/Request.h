/// What the user asks for, the same for plan, build and run: options in typed form, nothing
/// decided yet.
#pragma once

#include "compiler/support/DataType.h"
#include "compiler/support/Quantity.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ashlar {

/// What "fast" weighs.
struct Workload {
  uint64_t prompt = 512;
  uint64_t generate = 256;
};

struct Request {
  std::string model;                      // a checkpoint directory, or one .safetensors file
  std::string spec;                       // a file; empty: found by the config's model_type
  std::string machine;                    // a profile's path or name; empty: this machine
  std::vector<std::string> set;           // KEY=VALUE over the config
  std::map<std::string, Bytes> maxMemory; // caps by memory
  std::optional<uint64_t> context;        // empty: 4096 or the model's limit
  uint64_t batch = 1;                     // sequences that are decoded together
  std::optional<uint64_t> chunk;          // tokens of a prefill step; empty: solved
  std::optional<DataType> weightType;     // of matrices; empty: the checkpoint's
  std::optional<DataType> cacheType;      // empty: the checkpoint's
  bool strict = false;                    // refuse tensors that the model does not read
  bool tokenizer = true;                  // false: the app takes and gives token ids only
  Workload workload;
  std::vector<std::pair<std::string, std::string>> pins; // a unit's pattern and a device
};

} // namespace ashlar
