/// A model ready to run: arena, team, weights; and one sequence of tokens that grows, or the rows
/// of one step.
///
/// After `open` nothing here allocates.
#pragma once

#include "runtime/Memory.h"
#include "runtime/ModelInfo.h"
#include "runtime/Pack.h"
#include "runtime/Team.h"
#include "runtime/TorchLibrary.h"
#include "runtime/text/Tokenizer.h"

#include <memory>
#include <optional>
#include <span>

namespace ashlar {

class Session {
public:
  explicit Session(const ModelInfo &model) : model(model), team(model.threads) {}

  /// Checks the machine, allocates, and reads the weights. Where some products are LibTorch's, its
  /// module is opened, unless `torch` is open already.
  Failure open(const std::string &weights, const std::string &torchModule);

  /// Which logits a prompt's caller wants: those of its last token, or of each.
  using Deliver = void (*)(void *context, uint64_t position, const float *logits);

  /// Appends tokens in chunks. The logits of the last one are then in `logits`; with `each`, those
  /// of every token are handed over as they are made. Fails when the context would overflow.
  Failure append(std::span<const int32_t> ids, Deliver each = nullptr, void *context = nullptr);
  /// Asked between chunks, where there is one: when it says so, `append` leaves the rest out.
  bool (*interrupted)() = nullptr;

  /// Appends one token, which must be of the vocabulary and for which there must be room, by the
  /// plain form of `decode`.
  void appendPlain(int32_t id);

  /// The tokens so far.
  uint64_t length() const { return position; }
  std::span<const int32_t> sequence() const;
  /// Back to where the sequence had `length` tokens.
  void restart(uint64_t length = 0) { position = length; }
  std::span<float> logits() const;
  std::span<std::byte> samplerScratch() const;
  /// Nothing when the checkpoint had no tokenizer.
  const std::optional<Tokenizer> &tokenizer() const { return text; }

  // Of a model that reads rows: room for a chunk of them, and what the first of it become.
  std::span<float> input() const;
  Failure forward(uint32_t rows);
  void forwardPlain(uint32_t rows) { run(rows, model.plain, nullptr); }
  std::span<const float> output() const;

  const ModelInfo &model;
  Pack pack;
  TorchLibrary torch;

private:
  using Entry = void (*)(StepState &state);
  struct Delivery {
    Deliver each;
    void *context;
    uint64_t position;
  };
  static void deliver(void *context, uint32_t row, const float *logits);
  void step(Entry entry, uint32_t tokens, uint32_t firstLogits, Delivery delivery);
  void run(uint32_t rows, Entry entry, TorchLibrary *torchOrNone);
  int32_t *sequenceIds() const;

  Team team;
  Arena arena;
  std::optional<Tokenizer> text;
  uint64_t position = 0;
};

} // namespace ashlar
