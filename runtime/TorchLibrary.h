/// LibTorch's operations where a plan names some: the module that has them, and what went wrong in
/// it.
#pragma once

#include "runtime/Failure.h"
#include "runtime/torch/Operations.h"

#include <atomic>

namespace ashlar {

/// After `open` or `use`, any thread may call `product`, and nothing here allocates.
class TorchLibrary {
public:
  /// Opens the module at `path`. Where that is empty: the one that ASHLAR_TORCH_LIBRARY names in
  /// the environment, else libashlar_torch.so beside the executable.
  Failure open(const std::string &path);
  /// Takes the operations of a program that is linked with LibTorch itself.
  void use(const AshlarTorchOperations &linked) { operations = &linked; }
  bool isOpen() const { return operations != nullptr; }

  /// "LibTorch 2.11.0, /opt/libashlar_torch.so".
  std::string description() const;

  /// y = x w^T. After a failure nothing is computed any more.
  void product(AshlarTorchType type, const AshlarTorchMatrix &x, const AshlarTorchMatrix &w,
               const AshlarTorchMatrix &y);
  /// The first thing that went wrong since it was asked for last.
  Failure takeFailure();

private:
  const AshlarTorchOperations *operations = nullptr;
  std::string file;
  enum State : uint32_t { Good, Failing, Failed };
  std::atomic<uint32_t> state{Good};
  char error[512] = {};
};

} // namespace ashlar
