/// A placed model inside a program that holds at::Tensors.
///
/// The program is linked with the model's own library: the target `placed_torch` of what `ashlar
/// build
/// --sources DIR` writes, or the target that `ashlar_add_model(… LIBTORCH …)` makes. One program
/// has room for one placed model. Tensors go in and come out in the memory of the cpu; the model
/// computes in its own arena, with the threads of its plan, and leaves LibTorch's settings alone.
#pragma once

#include "runtime/text/Sampler.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace ashlar::torch {

/// What went wrong, in the words of an app: `what()` is the message and, behind a line end, the way
/// out. `exitCode` is the app's: 1 wrong input, 2 does not fit, 4 input/output.
struct Error : std::runtime_error {
  int exitCode;
  Error(int exitCode, const std::string &text) : std::runtime_error(text), exitCode(exitCode) {}
};

/// Functions throw Error, and what LibTorch throws. One thread may call them at a time.
class Model {
public:
  /// Checks the machine, allocates all that the plan names, and reads the weights from the pack:
  /// the file `model.pack` of the model's sources. Empty: what is in, or beside, the executable.
  explicit Model(const std::string &pack);
  Model(Model &&) noexcept;
  Model &operator=(Model &&) noexcept;
  ~Model();

  /// Whether the model reads rows of numbers; else it reads tokens.
  bool readsRows() const;
  /// Columns of rows that go in; of tokens there are none.
  int64_t inputColumns() const;
  /// Columns of rows that come out, or the vocabulary.
  int64_t outputColumns() const;
  /// Tokens of a sequence at most; rows have no limit.
  int64_t context() const;

  /// Rows, float32 [rows, columns], through the model: float32 [rows, columns]. Or token ids, whole
  /// numbers [tokens], from the start of a sequence: the logits of each, float32 [tokens,
  /// vocabulary].
  at::Tensor forward(const at::Tensor &input);

  /// What follows the token ids, int64 [at most `count`]: to the end of the text, unless
  /// `ignoreEnd`, or until the context is full. Greedy, where `sampling` says nothing else; its
  /// numbers go as far as those of an app's options.
  at::Tensor generate(const at::Tensor &ids, int64_t count, const SamplerOptions &sampling = {},
                      bool ignoreEnd = false);

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace ashlar::torch
