/// What emitted code tells the runtime about itself: constants only, so that everything can be
/// checked before a byte is allocated.
#pragma once

#include "runtime/Step.h"

#include <span>
#include <string_view>

namespace ashlar {

/// A run of bytes of the pack that goes to one place of the arena: the weights of one unit.
struct Extent {
  uint64_t arenaOffset;
  uint64_t packOffset; // from the start of the pack
  uint64_t bytes;
};

/// A part of the arena: a row of the table of memory.
struct Region {
  const char *name;
  uint64_t offset;
  uint64_t bytes;
};

struct ModelInfo {
  const char *name;        // the spec's
  const char *planDigest;  // 32 hexadecimal digits
  const char *modelDigest; // the same
  uint64_t context = 0;    // tokens of a sequence at most
  uint32_t chunk;          // tokens of a prefill step at most, or rows of a step
  uint32_t batch = 1;      // sequences at most
  uint64_t vocabulary = 0;
  std::span<const int32_t> endTokens = {};

  uint32_t threads;
  std::span<const char *const> isa; // what the kernels were compiled for: /proc/cpuinfo's names

  uint32_t nanosPerMiB = 0; // predicted: what a thread takes to read weights for one row
  Ahead ahead = {};         // measured: how far ahead to ask for weights

  uint64_t hostBytes; // the arena
  std::span<const Region> regions;
  std::span<const Extent> extents; // in pack order

  // Of a model that reads tokens.
  uint64_t textOffset = 0, textBytes = 0; // the compiled tokenizer
  uint64_t idsOffset = 0;                 // int32 [batch, context]: the sequences
  uint64_t logitsOffset = 0;              // float [batch, vocabulary]
  uint64_t samplerOffset = 0, samplerBytes = 0;
  uint64_t predictedDecodeNanos = 0;  // of one token of each sequence
  uint64_t predictedPrefillNanos = 0; // of a full chunk
  void (*prefill)(StepState &state) = nullptr;
  void (*decode)(StepState &state) = nullptr;

  // Of a model that reads rows, which has no other phase.
  uint64_t inputOffset = 0, inputColumns = 0;   // float [chunk, columns]
  uint64_t outputOffset = 0, outputColumns = 0; // the same
  uint64_t predictedForwardNanos = 0;           // of a full chunk
  void (*forward)(StepState &state) = nullptr;

  /// `decode` or `forward` once more, compiled for any x86-64.
  void (*plain)(StepState &state) = nullptr;
  bool roundsRows = false; // steps of several rows round them to bf16, but for the plain form's
  bool torch = false;      // some products of several rows are LibTorch's
  uint64_t torchBytes = 0; // what it takes for itself, beside the arena
};

/// Defined by the emitted model.cpp.
extern const ModelInfo &model;

} // namespace ashlar
