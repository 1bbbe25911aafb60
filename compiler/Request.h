/// What the user asks for, the same for plan, build and run: options in typed form, nothing
/// decided yet.
#pragma once

#include "compiler/devicemap/Options.h"
#include "compiler/support/DataType.h"
#include "compiler/support/InputFile.h"
#include "compiler/support/Provider.h"
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

/// A placement by a device map, as in Accelerate and Transformers, rather than by time.
struct MapRequest {
  std::string map; // a strategy, a device, JSON, or a file of it; empty: none
  devicemap::Rules rules = devicemap::Rules::Accelerate;
  std::optional<std::vector<std::string>> noSplit; // classes; without: the spec's or the file's
  std::vector<std::pair<std::string, devicemap::TorchType>> specialTypes; // by tensor
  std::optional<devicemap::TorchType> dtype;              // to plan a modules file with
  std::optional<bool> offloadBuffers, fallbackAllocation; // empty: as the file has it, or not

  bool wanted() const { return !map.empty() && map != "optimal"; }
};

/// Weights that are not quantized like the others.
struct KeptType {
  std::string pattern;          // of a weight's name, or of a leading part of it
  std::optional<DataType> type; // empty: what it would have without --quantize
};

struct Request {
  std::string model;                      // a checkpoint directory, or one .safetensors file
  InputFile spec;                         // without: found by the config's model_type
  std::string machine;                    // a profile's path or name; empty: this machine
  std::vector<std::string> set;           // KEY=VALUE over the config
  std::map<std::string, Bytes> maxMemory; // caps by memory
  std::optional<uint64_t> context;        // empty: 4096 or the model's limit
  uint64_t batch = 1;                     // sequences that are decoded together
  std::optional<uint64_t> chunk;          // tokens of a prefill step; empty: solved
  std::optional<DataType> weightType;     // of matrices, unless quantized; empty: the checkpoint's
  std::optional<DataType> quantize;       // int8 or int4, the weights of products
  std::vector<KeptType> keep;             // of several that match, the last one counts
  std::optional<DataType> cacheType;      // empty: the checkpoint's
  std::optional<DataType> products;       // f32 or bf16; empty: what is faster
  /// Of prefill's products; empty: the faster.
  std::optional<Provider> provider = Provider::Native;
  bool strict = false;   // refuse tensors that the model does not read
  bool tokenizer = true; // false: the app takes and gives token ids only
  Workload workload;
  std::vector<std::pair<std::string, std::string>> pins; // a unit's pattern and a device
  MapRequest deviceMap;
  std::string mainDevice; // computes what the map leaves on the cpu or the disk; empty: by the map
};

} // namespace ashlar
