/// A model ready to run: arena, team, weights; and sequences of tokens that grow, as many as the
/// plan's batch has, or the rows of one step.
///
/// Weights are read while the first step runs, so that it fails where they cannot be read; behind
/// it, all are there (Arrivals.h). After `open` nothing here allocates.
#pragma once

#include "runtime/Arrivals.h"
#include "runtime/Memory.h"
#include "runtime/ModelInfo.h"
#include "runtime/Pack.h"
#include "runtime/Team.h"
#include "runtime/TorchLibrary.h"
#include "runtime/text/Tokenizer.h"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace ashlar {

class Session {
public:
  explicit Session(const ModelInfo &model)
      : model(model), lengths(model.batch), stepIds(model.batch), stepPlaces(model.batch),
        team(model.threads) {}

  /// Checks the machine and the pack, and allocates. Where some products are LibTorch's, its module
  /// is opened, unless `torch` is open already.
  Failure open(const std::string &weights, const std::string &torchModule);

  /// Whether a path names the file that weights are read from.
  bool readsFrom(const std::string &path) const { return pack.isFile(path); }

  /// Reads all weights at once, where no step has.
  Failure load();
  /// Called once, when all weights are there.
  void (*loaded)() = nullptr;
  /// Of the time that steps and `load` have taken, what went into reading weights.
  int64_t loadNanos() const { return arrivals.nanos(); }

  /// Which logits a prompt's caller wants: those of its last token, or of each.
  using Deliver = void (*)(void *context, uint64_t position, const float *logits);

  /// Appends tokens to a sequence, in chunks. The logits of the last one are then in `logits(0)`;
  /// with `each`, those of every token are handed over as they are made. Fails when the context
  /// would overflow.
  Failure append(std::span<const int32_t> ids, uint32_t sequence = 0, Deliver each = nullptr,
                 void *context = nullptr);
  /// Asked between chunks, where there is one: when it says so, `append` leaves the rest out.
  bool (*interrupted)() = nullptr;

  /// What a sequence goes on with.
  struct Next {
    uint32_t sequence;
    int32_t id;
  };
  /// Appends one token to each of some sequences, in one step: each at most once. The logits of the
  /// first are then in `logits(0)`, those of the second in `logits(1)`. Fails like `append`.
  Failure advance(std::span<const Next> tokens) { return advance(tokens, model.decode); }
  /// The same by the plain form of `decode`.
  Failure advancePlain(std::span<const Next> tokens) { return advance(tokens, model.plain); }

  /// The tokens so far.
  uint64_t length(uint32_t sequence = 0) const { return lengths[sequence]; }
  std::span<const int32_t> sequence(uint32_t sequence = 0) const;
  /// Back to where a sequence had `length` tokens.
  void restart(uint32_t sequence = 0, uint64_t length = 0) { lengths[sequence] = length; }
  std::span<float> logits(uint32_t row = 0) const;
  std::span<std::byte> samplerScratch() const;
  /// Nothing when the checkpoint had no tokenizer.
  const std::optional<Tokenizer> &tokenizer() const { return text; }

  // Of a model that reads rows: room for a chunk of them, and what the first of it become.
  std::span<float> input() const;
  Failure forward(uint32_t rows);
  Failure forwardPlain(uint32_t rows) { return forward(rows, model.plain, nullptr); }
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
  Failure check(uint32_t sequence, std::span<const int32_t> ids) const;
  Failure advance(std::span<const Next> tokens, Entry entry);
  Failure decode(std::span<const Next> tokens, Entry entry, Delivery delivery);
  Failure prefill(uint32_t sequence, uint32_t tokens, uint32_t firstLogits, Delivery delivery);
  Failure forward(uint32_t rows, Entry entry, TorchLibrary *torchOrNone);
  Failure run(Entry entry, StepState &state);
  int32_t *idsOf(uint32_t sequence) const;

  Arena arena;
  Arrivals arrivals;
  bool arriving = false; // some may not be there yet
  std::optional<Tokenizer> text;
  std::vector<uint64_t> lengths; // of each sequence
  // Of a step of `decode`: room for a token of each sequence.
  std::vector<int32_t> stepIds;
  std::vector<TokenPlace> stepPlaces;
  Team team; // ends before all of these, which its threads may still read
};

} // namespace ashlar
