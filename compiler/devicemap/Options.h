/// What can be asked for of a device map: the arguments of the functions that the rules come from.
#pragma once

#include "compiler/devicemap/DeviceMap.h"
#include "compiler/devicemap/ModuleTree.h"

#include "llvm/ADT/StringSet.h"

namespace ashlar::devicemap {

/// Whose rules: Accelerate 1.15's, or those that Transformers 5.23 has in their place.
enum class Rules : uint8_t { Accelerate, Transformers };
/// "Accelerate", for messages.
llvm::StringRef name(Rules rules);

/// auto, which is balanced; balanced_low_0; sequential.
enum class Strategy : uint8_t { Balanced, BalancedLowZero, Sequential };

struct Budget {
  Device device;
  Number bytes;
};

/// In the order of filling: numbered accelerators, then mps, cpu, disk.
struct Budgets {
  std::vector<Budget> list;
  bool measured = false; // what a machine has free, rather than what a user set

  const Number *find(const Device &device) const;
};

struct Options {
  Rules rules = Rules::Accelerate;
  std::vector<std::string> noSplit; // class names
  std::optional<TorchType> dtype;
  std::vector<std::pair<std::string, TorchType>> specialTypes; // by tensor
  bool cleanResult = true;
  bool offloadBuffers = false;
  bool fallbackAllocation = false;
  /// Parameters, by names within a no-split module, that are left off the map rather than the rest
  /// of their module off the accelerators. Of Transformers; an empty list is not the same as none.
  std::optional<std::vector<std::string>> noPlacement;

  llvm::StringSet<> noSplitSet() const;
};

} // namespace ashlar::devicemap
